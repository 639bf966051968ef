#include "data-prep/spherical/project.h"
#include <math.h>
#include <stdbool.h>
#include "data-prep/cifar100/images.h"

static const double PI = 3.14159265358979323846;
static const double ABOVE = 2.001, HALF = 1.5; /* the point cast from; half the image's side */
enum { SIDE = AF_CIFAR_SIDE, PLANE = SIDE * SIDE };

/* M = (V V' - I) R, R a turn about the z axis, V a reflection's axis. */
void af_sphere_rotation(double m[3][3], const double u[3], double deflection)
{
    double theta = 2 * PI * deflection * u[0], phi = 2 * PI * u[1], z = 2 * deflection * u[2];
    const double v[3] = {sin(phi) * sqrt(z), cos(phi) * sqrt(z), sqrt(2 - z)};
    const double turn[3][3] = {
        {cos(theta), sin(theta), 0}, {-sin(theta), cos(theta), 0}, {0, 0, 1}};
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 3; j++) {
            m[i][j] = 0;
            for (int k = 0; k < 3; k++) m[i][j] += (v[i] * v[k] - (i == k)) * turn[k][j];
        }
}

/* Latitude i: pi i / 60 from the north pole; longitude j: 2 pi j / 60. */
void af_sphere_view_of(af_sphere_view *out, const double rotation[3][3])
{
    for (int p = 0; p < AF_SPHERE_POINTS; p++) {
        double latitude = PI * (p / AF_SPHERE_SIDE) / AF_SPHERE_SIDE;
        double longitude = 2 * PI * (p % AF_SPHERE_SIDE) / AF_SPHERE_SIDE, at[3] = {0};
        const double point[3] = {sin(latitude) * cos(longitude), sin(latitude) * sin(longitude),
                                 cos(latitude)};
        for (int i = 0; i < 3; i++)
            for (int k = 0; k < 3; k++) at[i] += rotation[i][k] * point[k];
        double height = at[2] + 1, scale = 1 - height / (height - ABOVE);
        out->row[p] = (at[0] * scale + HALF) / (2 * HALF) * SIDE;
        out->column[p] = (at[1] * scale + HALF) / (2 * HALF) * SIDE;
    }
}

static double pixel(const uint8_t *plane, int row, int column)
{
    bool inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
    return inside ? plane[row * SIDE + column] : 0;
}

static double sample(const uint8_t *plane, double row, double column)
{
    if (!(row > -2 && row < SIDE + 2 && column > -2 && column < SIDE + 2)) return 0;
    int r0 = (int)floor(row) - 1, c0 = (int)floor(column) - 1;
    double down = row - r0, right = column - c0;
    return (2 - down) * (2 - right) * pixel(plane, r0, c0) +
           (2 - down) * right * pixel(plane, r0, c0 + 2) +
           down * (2 - right) * pixel(plane, r0 + 2, c0) +
           down * right * pixel(plane, r0 + 2, c0 + 2);
}

void af_sphere_project(uint8_t *out, const uint8_t *image, const af_sphere_view *view)
{
    float value[AF_SPHERE_BYTES], least = HUGE_VALF, most = 0;
    for (int i = 0; i < AF_SPHERE_BYTES; i++) {
        int p = i % AF_SPHERE_POINTS;
        value[i] =
            (float)sample(image + i / AF_SPHERE_POINTS * PLANE, view->row[p], view->column[p]);
        least = fminf(least, value[i]);
        most = fmaxf(most, value[i]);
    }
    for (int i = 0; i < AF_SPHERE_BYTES; i++)
        out[i] = most > least ? (uint8_t)(255 * (value[i] - least) / (most - least)) : 0;
}
