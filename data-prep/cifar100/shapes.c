/* Shapes are signed distances (negative inside), textures are waves between 0 and 1; both are
 * functions of coordinates (u, v) in which the shape has about radius 1. Edges are one pixel soft.
 */
#include "data-prep/cifar100/shapes.h"
#include <math.h>
#include "core/base/philox.h"

static const double PI = 3.14159265358979323846;
enum { CLUTTER = 4, LATTICE = 6 };

typedef struct frame { /* from pixels to a shape's own coordinates */
    double x, y, radius, cosine, sine;
} frame;

typedef struct blob { /* a plain shape in the background */
    frame at;
    int shape;
    double colour[3];
} blob;

typedef struct scene {
    int shape, texture;
    frame object, weave; /* the texture has an angle and a period of its own */
    double phase, spots[LATTICE * LATTICE];
    double colour[2][3]; /* of the texture */
    double ground[3], slope[2], noise;
    blob clutter[CLUTTER];
    int blobs;
} scene;

/* ---- shapes ---- */

static double disc(double u, double v)
{
    return hypot(u, v) - 1;
}

static double ring(double u, double v)
{
    return fabs(hypot(u, v) - 0.8) - 0.25;
}

static double square(double u, double v)
{
    return fmax(fabs(u), fabs(v)) - 0.85;
}

static double window(double u, double v)
{
    return fabs(fmax(fabs(u), fabs(v)) - 0.75) - 0.22;
}

static double triangle(double u, double v)
{
    return fmax(fmax(0.866 * u - 0.5 * v, -0.866 * u - 0.5 * v), v) - 0.62;
}

static double bar(double u, double v)
{
    return fmax(fabs(u) - 1.3, fabs(v) - 0.42);
}

static double cross(double u, double v)
{
    return fmin(fmax(fabs(u) - 1.1, fabs(v) - 0.38), fmax(fabs(u) - 0.38, fabs(v) - 1.1));
}

static double flower(double u, double v)
{
    return hypot(u, v) - 0.8 - 0.35 * cos(5 * atan2(v, u));
}

static double crescent(double u, double v)
{
    return fmax(hypot(u, v) - 1.1, 0.85 - hypot(u - 0.6, v));
}

static double half_disc(double u, double v)
{
    return fmax(hypot(u, v + 0.5) - 1.2, -0.5 - v);
}

const char *const af_cifar_shape_names[AF_CIFAR_SHAPES] = {
    "disc", "ring",  "square", "window",   "triangle",
    "bar",  "cross", "flower", "crescent", "half disc",
};
static double (*const shapes[AF_CIFAR_SHAPES])(double u, double v) = {
    disc, ring, square, window, triangle, bar, cross, flower, crescent, half_disc,
};

/* ---- textures: u and v count periods ---- */

/* A sine with steep flanks, 0 to 1. */
static double wave(double turns)
{
    double s = 0.5 + 1.2 * sin(2 * PI * turns);
    return fmin(fmax(s, 0), 1);
}

static double plain(const scene *s, double u, double v)
{
    (void)s, (void)u, (void)v;
    return 0;
}

static double stripes(const scene *s, double u, double v)
{
    (void)v;
    return wave(u + s->phase);
}

static double checks(const scene *s, double u, double v)
{
    double one = wave(u + s->phase), other = wave(v);
    return one + other - 2 * one * other;
}

static double dots(const scene *s, double u, double v)
{
    double far = hypot(remainder(u + s->phase, 1), remainder(v, 1));
    return fmin(fmax(2.5 - 6 * far, 0), 1);
}

static double grid(const scene *s, double u, double v)
{
    return fmax(wave(u + s->phase) > 0.9, wave(v) > 0.9);
}

static double circles(const scene *s, double u, double v)
{
    return wave(hypot(u, v) + s->phase);
}

static double wedges(const scene *s, double u, double v)
{
    return wave(6 * atan2(v, u) / (2 * PI) + s->phase);
}

static double ramp(const scene *s, double u, double v)
{
    (void)s, (void)v;
    return fmin(fmax(0.5 + 0.3 * u, 0), 1);
}

static double zigzag(const scene *s, double u, double v)
{
    return wave(u + fabs(remainder(v / 1.5, 1)) * 2 + s->phase);
}

/* Random values at lattice points, half a period apart, smoothly joined. */
static double blotches(const scene *s, double u, double v)
{
    double x = 1.3 * u + 1000 * LATTICE, y = 1.3 * v + 1000 * LATTICE, sum = 0;
    double fx = x - floor(x), fy = y - floor(y);
    fx *= fx * (3 - 2 * fx);
    fy *= fy * (3 - 2 * fy);
    for (int j = 0; j < 2; j++)
        for (int i = 0; i < 2; i++) {
            int column = (int)fmod(floor(x) + i, LATTICE), row = (int)fmod(floor(y) + j, LATTICE);
            sum += s->spots[row * LATTICE + column] * (i ? fx : 1 - fx) * (j ? fy : 1 - fy);
        }
    return fmin(fmax(4 * sum - 1.5, 0), 1);
}

const char *const af_cifar_texture_names[AF_CIFAR_TEXTURES] = {
    "plain", "stripes", "checks", "dots", "grid", "circles", "wedges", "ramp", "zigzag", "blotches",
};
static double (*const textures[AF_CIFAR_TEXTURES])(const scene *s, double u, double v) = {
    plain, stripes, checks, dots, grid, circles, wedges, ramp, zigzag, blotches,
};

/* ---- a scene and its picture ---- */

static double between(af_rng *r, double low, double high)
{
    return low + (high - low) * af_rng_unit(r);
}

static frame draw_frame(af_rng *r, double wander, double least, double most)
{
    double angle = between(r, 0, 2 * PI), middle = 0.5 * AF_CIFAR_SIDE;
    frame f = {.cosine = cos(angle), .sine = sin(angle)};
    f.x = middle + between(r, -wander, wander);
    f.y = middle + between(r, -wander, wander);
    f.radius = between(r, least, most);
    return f;
}

/* Hues are free. A bright shape with dark texture on a middling ground is what lets a small network
 * learn from a few thousand images: with free brightness too, it does not leave chance. */
static void draw_colours(scene *s, af_rng *r)
{
    for (int c = 0; c < 3; c++) {
        s->colour[0][c] = between(r, 0.6, 1);
        s->colour[1][c] = between(r, 0, 0.3);
        s->ground[c] = between(r, 0.25, 0.65);
    }
}

static scene draw_scene(af_rng *r, int class)
{
    scene s = {.shape = class / AF_CIFAR_TEXTURES, .texture = class % AF_CIFAR_TEXTURES};
    s.object = draw_frame(r, 3, 9, 13);
    s.weave = draw_frame(r, 0, 0.45, 0.6);
    s.weave.x = s.object.x;
    s.weave.y = s.object.y;
    s.weave.radius *= s.object.radius;
    s.phase = af_rng_unit(r);
    for (int i = 0; i < LATTICE * LATTICE; i++) s.spots[i] = af_rng_unit(r);
    draw_colours(&s, r);
    for (int i = 0; i < 2; i++) s.slope[i] = between(r, -0.25, 0.25);
    s.noise = between(r, 0.01, 0.05);
    s.blobs = (int)af_rng_below(r, CLUTTER + 1);
    for (int i = 0; i < s.blobs; i++) {
        blob *b = &s.clutter[i];
        b->at = draw_frame(r, 16, 2, 5);
        b->shape = (int)af_rng_below(r, AF_CIFAR_SHAPES);
        for (int c = 0; c < 3; c++) b->colour[c] = af_rng_unit(r);
    }
    return s;
}

static void to_own(double *u, double *v, const frame *f, double x, double y)
{
    double dx = (x - f->x) / f->radius, dy = (y - f->y) / f->radius;
    *u = f->cosine * dx + f->sine * dy;
    *v = f->cosine * dy - f->sine * dx;
}

/* How much of the pixel at (x, y) a shape covers. */
static double cover(const frame *f, int shape, double x, double y)
{
    double u, v;
    to_own(&u, &v, f, x, y);
    return fmin(fmax(0.5 - shapes[shape](u, v) * f->radius, 0), 1);
}

static void paint(double pixel[3], const scene *s, double x, double y)
{
    double u, v;
    for (int c = 0; c < 3; c++)
        pixel[c] = s->ground[c] + s->slope[0] * (x / AF_CIFAR_SIDE - 0.5) +
                   s->slope[1] * (y / AF_CIFAR_SIDE - 0.5);
    for (int i = 0; i < s->blobs; i++) {
        double part = cover(&s->clutter[i].at, s->clutter[i].shape, x, y);
        for (int c = 0; c < 3; c++) pixel[c] += part * (s->clutter[i].colour[c] - pixel[c]);
    }
    double part = cover(&s->object, s->shape, x, y);
    if (part <= 0) return;
    to_own(&u, &v, &s->weave, x, y);
    double mix = textures[s->texture](s, u, v);
    for (int c = 0; c < 3; c++) {
        double colour = s->colour[0][c] + mix * (s->colour[1][c] - s->colour[0][c]);
        pixel[c] += part * (colour - pixel[c]);
    }
}

static void draw_image(uint8_t *out, af_rng *r, int class)
{
    enum { PLANE = AF_CIFAR_SIDE * AF_CIFAR_SIDE };
    const scene s = draw_scene(r, class);
    for (int i = 0; i < PLANE; i++) {
        double pixel[3];
        paint(pixel, &s, i % AF_CIFAR_SIDE + 0.5, i / AF_CIFAR_SIDE + 0.5);
        for (int c = 0; c < 3; c++) {
            double value = pixel[c] + s.noise * af_rng_normal(r);
            out[c * PLANE + i] = (uint8_t)lrint(255 * fmin(fmax(value, 0), 1));
        }
    }
}

void af_cifar_draw(af_cifar_images *out, uint64_t seed, uint64_t series)
{
#pragma omp parallel for schedule(dynamic, 16)
    for (int64_t k = 0; k < out->count; k++) {
        af_rng r = af_rng_at(seed, "cifar100", series, 0, 0, (uint32_t)k);
        out->label[k] = (uint8_t)(k % AF_CIFAR_CLASSES);
        draw_image(out->pixel + k * AF_CIFAR_BYTES, &r, out->label[k]);
    }
}
