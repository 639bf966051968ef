/* Growth with restarts: a chain that has walked into a dead end begins anew. */
#include "data-prep/psicov/chain.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>

enum { CANDIDATES = 64, LONGEST = 16, RESTARTS = 1000 };
static const double bond = 3.8, collision = 4.0, near = 8.0, degree = 0.017453292519943295;
static const double gain = 0.8; /* energy of a contact in units of kT */
static const double wall = 1; /* of a residue outside the globule, by its square distance */

/* Angles at a residue: mean and spread of bond angle and dihedral; loops turn as they like. */
static const struct {
    double angle, angle_spread, dihedral, dihedral_spread;
    int least, most; /* length of a segment */
} kinds[] = {
    [AF_CHAIN_HELIX] = {91, 3, 52, 5, 6, 14},
    [AF_CHAIN_STRAND] = {122, 6, -170, 12, 4, 8},
    [AF_CHAIN_LOOP] = {110, 18, 0, 180, 2, 4},
};

static double squared(const double *a, const double *b)
{
    const double x = a[0] - b[0], y = a[1] - b[1], z = a[2] - b[2];
    return x * x + y * y + z * z;
}

static void cross(double *out, const double *a, const double *b)
{
    out[0] = a[1] * b[2] - a[2] * b[1];
    out[1] = a[2] * b[0] - a[0] * b[2];
    out[2] = a[0] * b[1] - a[1] * b[0];
}

static void unit(double *a)
{
    static const double origin[3] = {0};
    const double size = sqrt(squared(a, origin));
    for (int k = 0; k < 3; k++) a[k] /= size;
}

/* The point after p[0], p[1], p[2] with this bond angle at p[2] and this dihedral. */
static void extend(double *out, const double (*p)[3], double angle, double dihedral)
{
    double along[3], before[3], normal[3], side[3];
    for (int k = 0; k < 3; k++) {
        before[k] = p[1][k] - p[0][k];
        along[k] = p[2][k] - p[1][k];
    }
    unit(along);
    cross(normal, before, along);
    unit(normal);
    cross(side, normal, along);
    const double s = sin(angle);
    for (int k = 0; k < 3; k++)
        out[k] = p[2][k] + bond * (-cos(angle) * along[k] + s * cos(dihedral) * side[k] +
                                   s * sin(dihedral) * normal[k]);
}

/* A globule of n residues has a radius of gyration of 2.2 n^0.38 Angstrom (Skolnick, Kolinski and
 * Ortiz, J Mol Biol 265, 1997); a ball's radius is sqrt(5/3) times that. */
static double radius_of(int length)
{
    return sqrt(5.0 / 3) * 2.2 * pow(length, 0.38);
}

/* Boltzmann weight of points from .. to - 1 after all before them; 0: a collision. */
static double weigh(const double (*at)[3], int from, int to, double radius)
{
    static const double centre[3] = {0};
    double energy = 0;
    for (int i = from; i < to; i++) {
        const double out = fmax(0, sqrt(squared(at[i], centre)) - radius);
        energy += wall * out * out;
        for (int j = 0; j < i - 2; j++) {
            const double d = squared(at[i], at[j]);
            if (d < collision * collision) return 0;
            if (d < near * near) energy -= gain;
        }
    }
    return exp(fmax(-energy, -500));
}

static void draw_segment(double (*at)[3], int kind, int from, int to, af_rng *r)
{
    for (int i = from; i < to; i++) {
        const double angle = kinds[kind].angle + kinds[kind].angle_spread * af_rng_normal(r);
        const double spread = kinds[kind].dihedral_spread;
        const double turn =
            kind == AF_CHAIN_LOOP ? spread * (2 * af_rng_unit(r) - 1) : spread * af_rng_normal(r);
        extend(at[i], (const double(*)[3])at + i - 3, fmin(fmax(angle, 80), 155) * degree,
               (kinds[kind].dihedral + turn) * degree);
    }
}

/* False: every candidate collides. */
static bool grow_segment(double (*at)[3], int kind, int from, int to, double radius, af_rng *r)
{
    double kept[CANDIDATES][LONGEST][3], weight[CANDIDATES], sum = 0;
    const size_t bytes = (size_t)(to - from) * sizeof *at;
    for (int c = 0; c < CANDIDATES; c++) {
        draw_segment(at, kind, from, to, r);
        weight[c] = weigh((const double(*)[3])at, from, to, radius);
        sum += weight[c];
        memcpy(kept[c], at + from, bytes);
    }
    if (sum <= 0) return false;
    double left = af_rng_unit(r) * sum;
    int chosen = 0, last = 0;
    for (int c = 0; c < CANDIDATES; c++) {
        if (weight[c] <= 0) continue;
        chosen = last = c;
        left -= weight[c];
        if (left < 0) break;
    }
    memcpy(at + from, kept[left < 0 ? chosen : last], bytes);
    return true;
}

/* Loop, helix or strand, loop, helix or strand ... */
static bool grow(double (*at)[3], int *kind, int length, af_rng *r)
{
    static const double start[3][3] = {{0, 0, 0}, {3.8, 0, 0}, {5.1, 3.57, 0}};
    const double radius = radius_of(length);
    memcpy(at, start, sizeof start);
    for (int i = 0; i < 3; i++) kind[i] = AF_CHAIN_LOOP;
    for (int from = 3, loop = 0; from < length; loop = !loop) {
        const int k = loop ? AF_CHAIN_LOOP : (int)af_rng_below(r, 2);
        int to = from + kinds[k].least +
                 (int)af_rng_below(r, (uint64_t)(kinds[k].most - kinds[k].least + 1));
        to = to < length ? to : length;
        if (!grow_segment(at, k, from, to, radius, r)) return false;
        for (; from < to; from++) kind[from] = k;
    }
    return true;
}

af_status af_chain_grow(double *at, int *kind, int length, af_rng *r)
{
    for (int k = 0; k < RESTARTS; k++)
        if (grow((double(*)[3])at, kind, length, r)) return AF_OK;
    return af_fail(AF_EINTERNAL, "a chain of %d residues ran into itself %d times", length,
                   RESTARTS);
}
