#include "data-prep/ninapro/recordings.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/tree.h"

enum { STEPS = AF_NINAPRO_STEPS, AVERAGED = 15 };

/* ---- signals ---- */

/* b0 + b1 / z + b2 / z^2 over 1 + a1 / z + a2 / z^2, in direct form II transposed. */
typedef struct section {
    double b0, b1, b2, a1, a2, s1, s2;
} section;

static double pass(section *f, double x)
{
    const double y = f->b0 * x + f->s1;
    f->s1 = f->b1 * x - f->a1 * y + f->s2;
    f->s2 = f->b2 * x - f->a2 * y;
    return y;
}

/* Butterworth's high-pass of order 3: a pole of its own and a pair with Q = 1, by the bilinear
 * transform. State: a constant `first` has passed for ever, of which nothing is left. */
static void high_pass(section out[2], double cutoff, double first)
{
    const double k = tan(M_PI * cutoff / AF_NINAPRO_RATE), one = 1 / (1 + k),
                 two = 1 / (1 + k + k * k);
    out[0] = (section){.b0 = one, .b1 = -one, .a1 = (k - 1) * one, .s1 = -one * first};
    out[1] = (section){.b0 = two,
                       .b1 = -2 * two,
                       .b2 = two,
                       .a1 = 2 * (k * k - 1) * two,
                       .a2 = (1 - k + k * k) * two};
}

void af_ninapro_filter(float *x, int64_t frames)
{
    section f[2];
    double last[AVERAGED] = {0}, sum = 0;
    high_pass(f, 2, frames ? fabs((double)x[0]) : 0);
    for (int64_t t = 0; t < frames; t++) {
        double *place = &last[t % AVERAGED];
        const double y = pass(&f[1], pass(&f[0], fabs((double)x[t])));
        sum += y - *place;
        *place = y;
        x[t] = (float)(sum / (double)(t < AVERAGED ? t + 1 : AVERAGED));
    }
}

/* ---- windows ---- */

static bool uniform(const uint8_t *values)
{
    for (int t = 1; t < STEPS; t++)
        if (values[t] != values[0]) return false;
    return true;
}

af_status af_ninapro_cut(af_ninapro_set set[AF_SPLITS], const af_ninapro_recording *r)
{
    for (int e = 0; e < r->electrodes; e++)
        af_ninapro_filter(r->x + (int64_t)e * r->frames, r->frames);
    for (int64_t t = 0; t + STEPS <= r->frames; t += AF_NINAPRO_HOP) {
        const int repetition = r->repetition[t];
        float *to;
        if (!uniform(r->label + t) || !uniform(r->repetition + t)) continue;
        AF_TRY(af_ninapro_set_add(&to, &set[r->split[repetition]], r->label[t],
                                  r->subject * AF_NINAPRO_REPETITIONS + repetition));
        for (int e = 0; e < r->electrodes; e++)
            memcpy(to + e * STEPS, r->x + e * r->frames + t, STEPS * sizeof *to);
    }
    return AF_OK;
}

af_split af_ninapro_spread(int k, int n)
{
    const int held = n < 10 ? 1 : n / 5;
    for (int j = 0; j < held; j++) {
        const int test = (2 * j + 1) * n / (2 * held);
        if (k == test) return AF_TEST;
        if (k == test + 1) return AF_VALID;
    }
    return AF_TRAIN;
}

/* ---- files ---- */

typedef struct search {
    af_ninapro_files *out;
    int (*number)(const char *name);
    af_status st;
} search;

static bool look(const char *member, void *payload)
{
    enum { MOST = 100000 };
    search *s = payload;
    af_ninapro_files *f = s->out;
    const int number = s->number(af_path_name(member));
    if (number < 0 || s->st != AF_OK) return false;
    if (f->count == MOST) s->st = af_fail(AF_EUNSUPPORTED, "%s: too many recordings", member);
    if (!(f->count & (f->count - 1)) && s->st == AF_OK) { /* room for the next power of two */
        void *more = af_realloc(f->file, (size_t)(2 * f->count + 1) * sizeof *f->file);
        if (more)
            f->file = more;
        else
            s->st = AF_ENOMEM;
    }
    char *copy = s->st == AF_OK ? af_strdup(member) : NULL;
    if (copy)
        f->file[f->count++] = (af_ninapro_file){copy, number};
    else if (s->st == AF_OK)
        s->st = AF_ENOMEM;
    return false;
}

static int in_order(const void *a, const void *b)
{
    const af_ninapro_file *p = a, *q = b;
    const size_t m = (size_t)(af_path_name(p->member) - p->member),
                 n = (size_t)(af_path_name(q->member) - q->member);
    const int directory = memcmp(p->member, q->member, m < n ? m : n);
    if (directory || m != n) return directory ? directory : m < n ? -1 : 1;
    return (p->number > q->number) - (p->number < q->number);
}

af_status af_ninapro_find(af_ninapro_files *out, const char *path, int (*number)(const char *name))
{
    search s = {.out = out, .number = number};
    *out = (af_ninapro_files){0};
    if (!af_dir_exists(path)) return AF_OK;
    af_status st = af_tree_walk(path, 0, look, NULL, &s);
    if (st == AF_OK) st = s.st;
    if (st != AF_OK)
        af_ninapro_files_free(out);
    else if (out->count)
        qsort(out->file, (size_t)out->count, sizeof *out->file, in_order);
    return st;
}

void af_ninapro_files_free(af_ninapro_files *f)
{
    for (int i = 0; i < f->count; i++) af_free(f->file[i].member);
    af_free(f->file);
    *f = (af_ninapro_files){0};
}
