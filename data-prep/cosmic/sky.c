/* Counts are electrons. Stars have Moffat profiles (Moffat, A&A 3, 1969), galaxies Sersic ones
 * (Sersic 1968) with n of 1 or 4. A cosmic ray crosses the detector in a straight line, at zenith
 * angles whose cosine squared weighs them (Groom, Exp. Astron. 14, 2002), so most tracks are short;
 * one in five is a slow electron, which is scattered along its way. Charge is laid down step by
 * step and diffuses a little. The noise is that of counting and of readout. */
#include "data-prep/cosmic/sky.h"
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"

enum { THICK = 6 };                  /* pixels that a ray crosses when it grazes at 45 degrees */
static const double readout = 5;     /* electrons */
static const double reach = 4.5;     /* of a profile, in scale lengths or widths */
static const double diffusion = .04; /* of a pixel's charge, to each of four neighbours */
static const double stride = 0.1;    /* of a track, in pixels */

typedef struct visit {
    double sky, width, ray_rate, star_rate, galaxy_rate; /* rates per pixel */
} visit;

static visit visit_of(uint64_t seed, int64_t number)
{
    af_rng r = af_rng_at(seed, "cosmic visit", (uint64_t)number, 0, 0, 0);
    visit v = {.sky = 20 * pow(15, af_rng_unit(&r))};
    v.width = 0.9 + 0.5 * af_rng_unit(&r);
    v.ray_rate = 0.002 + 0.004 * af_rng_unit(&r);
    v.star_rate = 0.002 + 0.003 * af_rng_unit(&r);
    v.galaxy_rate = 0.001 + 0.002 * af_rng_unit(&r);
    return v;
}

/* Knuth's method, for the few of each kind in a frame: by sums of exponential waiting times. */
static int poisson(double mean, af_rng *r)
{
    int count = -1;
    for (double waited = 0; waited <= mean; count++) waited -= log(1 - af_rng_unit(r));
    return count;
}

/* Flux from `least` upwards, a power law with few bright ones, capped. */
static double flux(double least, double slope, double most, af_rng *r)
{
    return fmin(least * pow(1 - af_rng_unit(r), -1 / slope), most);
}

static void add_star(double *light, int side, const visit *v, af_rng *r)
{
    const double y = side * af_rng_unit(r), x = side * af_rng_unit(r);
    const double peak = flux(60, 0.7, 30000, r), alpha2 = v->width * v->width;
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const double d2 = (i - y) * (i - y) + (j - x) * (j - x);
            if (d2 < reach * reach * 4 * alpha2)
                light[i * side + j] += peak * pow(1 + d2 / (2 * alpha2), -2.5);
        }
}

static void add_galaxy(double *light, int side, const visit *v, af_rng *r)
{
    const double y = side * af_rng_unit(r), x = side * af_rng_unit(r);
    const double turn = M_PI * af_rng_unit(r), flat = 0.3 + 0.7 * af_rng_unit(r);
    const double size = 1.5 + 5 * af_rng_unit(r), level = flux(15, 0.9, 3000, r);
    const bool disk = af_rng_unit(r) < 0.7;
    const double n = disk ? 1 : 4, b = disk ? 1.678 : 7.669; /* at size the level is met */
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const double u = (j - x) * cos(turn) + (i - y) * sin(turn);
            const double w = ((i - y) * cos(turn) - (j - x) * sin(turn)) / flat;
            /* seeing takes the cusp away */
            const double d = sqrt(u * u + w * w + v->width * v->width) / size;
            if (d < reach) light[i * side + j] += level * exp(-b * (pow(d, 1 / n) - 1));
        }
}

static void deposit(double *charge, int side, double y, double x, double amount)
{
    const int i = (int)floor(y), j = (int)floor(x);
    if (i >= 0 && j >= 0 && i < side && j < side) charge[i * side + j] += amount;
}

static void add_ray(double *charge, int side, af_rng *r)
{
    /* cos^2 over the solid angle: cos^3 is uniform */
    const double cosine = fmax(cbrt(af_rng_unit(r)), 0.05), sine = sqrt(1 - cosine * cosine);
    double y = side * af_rng_unit(r), x = side * af_rng_unit(r), turn = 2 * M_PI * af_rng_unit(r);
    const bool slow = af_rng_unit(r) < 0.2;
    const double length = slow ? 3 + 12 * af_rng_unit(r) : 0.5 + THICK * sine / cosine / 2;
    /* per pixel of way; a broad distribution with a long tail, like Landau's */
    const double loss = 350 * exp(0.8 * af_rng_normal(r)) * (slow ? 1 : 1 / fmax(sine, 0.3));
    for (double way = 0; way < length; way += stride) {
        deposit(charge, side, y, x, loss * stride);
        if (slow) turn += 0.15 * af_rng_normal(r);
        y += stride * sin(turn);
        x += stride * cos(turn);
    }
}

static void diffuse(double *to, const double *charge, int side)
{
    for (int i = 0; i < side; i++)
        for (int j = 0; j < side; j++) {
            const double q = charge[i * side + j];
            to[i * side + j] += q * (1 - 4 * diffusion);
            if (i) to[(i - 1) * side + j] += q * diffusion;
            if (j) to[i * side + j - 1] += q * diffusion;
            if (i < side - 1) to[(i + 1) * side + j] += q * diffusion;
            if (j < side - 1) to[i * side + j + 1] += q * diffusion;
        }
}

/* A column of the detector that is dead, in one frame of eight. */
static int dead_column(int side, af_rng *r)
{
    const bool any = af_rng_below(r, 8) == 0;
    const int column = (int)af_rng_below(r, (uint64_t)side);
    return any ? column : -1;
}

/* A pixel is hit when the charge of rays in it stands out of the noise without them. */
static void expose(af_cosmic_frame *f, const double *light, const double *charge, const visit *v,
                   af_rng *r)
{
    const int side = f->columns, dead = dead_column(side, r);
    for (int p = 0; p < side * side; p++) {
        const double quiet = v->sky + light[p], noise = sqrt(quiet + readout * readout);
        const double counts = quiet + charge[p];
        f->image[p] = (float)(counts + sqrt(counts + readout * readout) * af_rng_normal(r));
        f->ray[p] = charge[p] > noise;
        f->usable[p] = p % side != dead;
        if (!f->usable[p]) f->image[p] = 0;
    }
}

af_status af_cosmic_generate(af_cosmic_frame *out, int side, uint64_t seed, int64_t number,
                             int frame)
{
    const visit v = visit_of(seed, number);
    af_rng r = af_rng_at(seed, "cosmic frame", (uint64_t)number, 0, 0, (uint32_t)frame);
    const size_t area = (size_t)side * (size_t)side;
    double *light = af_calloc(3 * area, sizeof *light), *charge = light + area;
    if (!light) return AF_ENOMEM;
    af_status st = af_cosmic_frame_new(out, side, side);
    if (st == AF_OK) {
        out->sky = (float)v.sky;
        const double pixels = (double)area;
        for (int k = poisson(v.star_rate * pixels, &r); k > 0; k--) add_star(light, side, &v, &r);
        for (int k = poisson(v.galaxy_rate * pixels, &r); k > 0; k--)
            add_galaxy(light, side, &v, &r);
        for (int k = poisson(v.ray_rate * pixels, &r); k > 0; k--) add_ray(charge, side, &r);
        diffuse(charge + area, charge, side);
        expose(out, light, charge + area, &v, &r);
    }
    af_free(light);
    return st;
}
