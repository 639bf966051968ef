/* Everything about a clip is drawn in one order from its own stream, "fsd50k/clip": drawing its
 * labels and making its sound read the same numbers. Noise has a stream of its own. */
#include "data-prep/fsd50k/events.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/fsd50k/mel.h"

enum { MOST_EVENTS = 3, PARTIALS = 12, TABLE = 4096, TABLE_SHIFT = 32 - 12 };
enum { STEP = 32 };             /* samples, 1.5 ms: how often contour and envelope move */
static const double SKEW = 0.6; /* a leaf of rank k has weight (k + 2)^-SKEW */

const af_fsd_world af_fsd_worlds[AF_SIZES] = {
    [AF_TINY] = {3, 2, 2, 1, {0.5, 2}},
    [AF_SMALL] = {4, 3, 3, 1, {0.5, 5}},
    [AF_FULL] = {AF_FSD_SOURCES, AF_FSD_CONTOURS, AF_FSD_ENVELOPES, AF_FSD_REGISTERS, {0.3, 20}},
};
static const char *const sources[] = {"tone", "hiss", "bell", "hollow", "rasp"};
static const char *const contours[] = {"steady", "rising", "falling", "warbling"};
static const char *const envelopes[] = {"held", "struck", "trembling", "swelling"};
static const char *const registers[] = {"low", "high"};
enum { TONE, HISS, BELL, HOLLOW, RASP };
enum { STEADY, RISING, FALLING, WARBLING };
enum { HELD, STRUCK, TREMBLING, SWELLING };

typedef struct event {
    int source, contour, envelope, reg;
    int64_t start, length;
    double hz, sweep, rate, vibrato, phase, level; /* rate: of the envelope; level: amplitude */
} event;

typedef struct scene {
    int64_t n;
    int events;
    event event[MOST_EVENTS];
    double background, tilt; /* amplitude; pole of the noise's low-pass */
} scene;

static int leaves(const af_fsd_world *w)
{
    return w->sources * w->contours * w->envelopes * w->registers;
}

int af_fsd_world_labels(const af_fsd_world *w)
{
    return leaves(w) + w->sources * (w->contours + w->envelopes);
}

void af_fsd_world_vocabulary(af_fsd_clips *s, const af_fsd_world *w)
{
    int k = 0;
    for (int leaf = 0; leaf < leaves(w); leaf++, k++) {
        int reg = leaf % w->registers, rest = leaf / w->registers;
        snprintf(s->vocabulary[k], AF_FSD_NAME, "%s_%s_%s_%s",
                 sources[rest / w->envelopes / w->contours],
                 contours[rest / w->envelopes % w->contours], envelopes[rest % w->envelopes],
                 registers[reg]);
    }
    for (int i = 0; i < w->sources * w->contours; i++, k++)
        snprintf(s->vocabulary[k], AF_FSD_NAME, "%s_%s", sources[i / w->contours],
                 contours[i % w->contours]);
    for (int i = 0; i < w->sources * w->envelopes; i++, k++)
        snprintf(s->vocabulary[k], AF_FSD_NAME, "%s_%s", sources[i / w->envelopes],
                 envelopes[i % w->envelopes]);
    s->labels = k;
}

static double between(af_rng *r, double low, double high)
{
    return low + (high - low) * af_rng_unit(r);
}

/* Ranks are leaves in a scattered order, so that no source is rare as a whole. */
static int draw_leaf(const af_fsd_world *w, af_rng *r)
{
    const int count = leaves(w);
    double all = 0;
    for (int k = 0; k < count; k++) all += pow(k + 2, -SKEW);
    double u = all * af_rng_unit(r);
    int rank = 0;
    while (rank < count - 1 && (u -= pow(rank + 2, -SKEW)) >= 0) rank++;
    return (int)((int64_t)rank * 77 % count); /* 77 has no factor in common with 12, 36 or 160 */
}

static event draw_event(const af_fsd_world *w, int64_t n, af_rng *r)
{
    const int leaf = draw_leaf(w, r), rest = leaf / w->registers;
    event e = {.reg = leaf % w->registers,
               .envelope = rest % w->envelopes,
               .contour = rest / w->envelopes % w->contours,
               .source = rest / w->envelopes / w->contours};
    e.start = (int64_t)(between(r, 0, 0.3) * (double)n);
    e.length = (int64_t)(between(r, 0.75, 1) * (double)(n - e.start));
    e.hz = 180 * pow(2, between(r, 0, 1.5) + (e.reg ? 1.7 : 0));
    e.sweep = between(r, 1, 1.8); /* octaves a second of a glide */
    e.rate = e.envelope == STRUCK ? between(r, 2, 4) : between(r, 6, 9);
    e.vibrato = between(r, 4, 6);
    e.phase = 2 * M_PI * af_rng_unit(r);
    e.level = 0.12 * pow(10, between(r, -14, 0) / 20);
    return e;
}

static void draw_background(scene *s, af_rng *r)
{
    s->background = 0.12 * pow(10, between(r, -40, -18) / 20);
    s->tilt = between(r, 0, 0.9);
}

static scene draw_scene(const af_fsd_world *w, uint64_t seed, int k)
{
    af_rng r = af_rng_at(seed, "fsd50k/clip", (uint64_t)k, 0, 0, 0);
    double u = af_rng_unit(&r), v = af_rng_unit(&r);
    scene s = {.events = u < 0.55 ? 1 : u < 0.85 ? 2 : 3};
    s.n = (int64_t)(AF_MEL_RATE * w->seconds[0] * pow(w->seconds[1] / w->seconds[0], v));
    draw_background(&s, &r);
    for (int i = 0; i < s.events; i++) s.event[i] = draw_event(w, s.n, &r);
    return s;
}

int64_t af_fsd_draw(af_fsd_clip *c, const af_fsd_world *w, uint64_t seed, int k)
{
    const scene s = draw_scene(w, seed, k);
    for (int i = 0; i < s.events; i++) {
        const event *e = &s.event[i];
        int contour = e->source * w->contours + e->contour;
        int envelope = e->source * w->envelopes + e->envelope;
        af_fsd_label_set(c, (contour * w->envelopes + e->envelope) * w->registers + e->reg);
        af_fsd_label_set(c, leaves(w) + contour);
        af_fsd_label_set(c, leaves(w) + w->sources * w->contours + envelope);
    }
    return s.n;
}

/* ---- sound ---- */

/* Octaves above the event's pitch after t seconds. Glides start anew every 0.8 s or so, as calls
 * do. */
static double octaves(const event *e, double t)
{
    const double call = 1.4 / e->sweep, in = fmod(t + e->phase * call / (2 * M_PI), call) / call;
    switch (e->contour) {
    case RISING:
        return 1.4 * in - 0.7;
    case FALLING:
        return 0.7 - 1.4 * in;
    case WARBLING:
        return 0.25 * sin(2 * M_PI * e->vibrato * t + e->phase);
    default:
        return 0;
    }
}

/* Struck and swelling events repeat `rate` times a second, one the other's mirror image. */
static double envelope(const event *e, double t)
{
    double turn = fmod(e->rate * t + e->phase, 1);
    switch (e->envelope) {
    case STRUCK:
        return exp(-7 * turn) * (turn < 0.02 ? turn / 0.02 : 1) * 1.8;
    case SWELLING:
        turn = fmod(t * (2 + e->rate / 9) + e->phase, 1);
        return exp(7 * (turn - 1)) * (turn > 0.98 ? (1 - turn) / 0.02 : 1) * 1.8;
    case TREMBLING:
        return 0.5 + 0.5 * sin(2 * M_PI * e->rate * t + e->phase);
    default:
        return 1;
    }
}

/* Ratios and amplitudes of the partials; returns their number. */
static int partials(double ratio[PARTIALS], double amplitude[PARTIALS], int source)
{
    static const double bell[] = {0.5, 1, 1.19, 1.5, 2, 2.74, 3.76, 5.07}; /* a minor-third bell */
    const int count = source == BELL ? 8 : source == RASP ? PARTIALS : 8;
    for (int k = 0; k < count; k++) {
        ratio[k] = source == BELL ? bell[k] : source == HOLLOW ? 2 * k + 1 : k + 1;
        amplitude[k] = source == BELL   ? 0.5 / (1 + 0.3 * k)
                       : source == RASP ? 0.35
                                        : 0.7 / (1 + 0.8 * k);
    }
    return count;
}

/* Phases are 32-bit fractions of a turn, so they wrap by themselves. */
static void add_partials(float *x, const event *e, const float *sine)
{
    double ratio[PARTIALS], amplitude[PARTIALS];
    uint32_t phase[PARTIALS] = {0};
    const int count = partials(ratio, amplitude, e->source);
    for (int64_t i = 0; i < e->length; i += STEP) {
        const double t = (double)i / AF_MEL_RATE, hz = e->hz * pow(2, octaves(e, t));
        const double level = e->level * envelope(e, t);
        const int end = e->length - i < STEP ? (int)(e->length - i) : STEP;
        for (int k = 0; k < count; k++) {
            const double turn = hz * ratio[k] / AF_MEL_RATE;
            if (turn > 0.45) break;
            const uint32_t step = (uint32_t)(turn * 4294967296.0);
            const float height = (float)(level * amplitude[k]);
            for (int j = 0; j < end; j++)
                x[i + j] += height * sine[(phase[k] += step) >> TABLE_SHIFT];
        }
    }
}

/* White noise through two equal resonators around the contour, an octave and a half higher. */
static void add_hiss(float *x, const event *e, af_rng *r)
{
    const double keep = 0.96;
    double a[2] = {0}, b[2] = {0}, turn = 0, level = 0;
    for (int64_t i = 0; i < e->length; i++) {
        if (i % STEP == 0) {
            const double t = (double)i / AF_MEL_RATE;
            turn = 2 * keep * cos(2 * M_PI * e->hz * 2.8 * pow(2, octaves(e, t)) / AF_MEL_RATE);
            level = e->level * envelope(e, t);
        }
        const double in = (double)af_rng_u32(r) / 2147483648.0 - 1;
        const double y = 0.06 * in + turn * a[0] - keep * keep * a[1];
        const double z = 0.35 * y + turn * b[0] - keep * keep * b[1];
        a[1] = a[0], a[0] = y;
        b[1] = b[0], b[0] = z;
        x[i] += (float)(level * z);
    }
}

static void add_background(float *x, const scene *s, af_rng *r)
{
    double low = 0;
    for (int64_t i = 0; i < s->n; i++) {
        const double in = (double)af_rng_u32(r) / 2147483648.0 - 1;
        low = s->tilt * low + (1 - s->tilt) * in;
        x[i] += (float)(s->background * low);
    }
}

static void store(int16_t *out, const float *x, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        const float v = 32768 * x[i];
        out[i] = (int16_t)lrintf(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
    }
}

af_status af_fsd_background(int16_t *out, int64_t n, uint64_t seed, int k)
{
    scene s = {.n = n};
    float *x = af_calloc((size_t)n, sizeof *x);
    af_rng r = af_rng_at(seed, "fsd50k/background", (uint64_t)k, 0, 0, 0);
    if (!x) return AF_ENOMEM;
    draw_background(&s, &r);
    add_background(x, &s, &r);
    store(out, x, n);
    af_free(x);
    return AF_OK;
}

af_status af_fsd_synthesise(int16_t *out, int64_t n, const af_fsd_world *w, uint64_t seed, int k)
{
    const scene s = draw_scene(w, seed, k);
    float sine[TABLE], *x = af_calloc((size_t)n, sizeof *x);
    af_rng noise = af_rng_at(seed, "fsd50k/noise", (uint64_t)k, 0, 0, 0);
    if (!x) return AF_ENOMEM;
    for (int i = 0; i < TABLE; i++) sine[i] = (float)sin(2 * M_PI * i / TABLE);
    add_background(x, &s, &noise);
    for (int i = 0; i < s.events; i++) {
        const event *e = &s.event[i];
        if (e->source == HISS)
            add_hiss(x + e->start, e, &noise);
        else
            add_partials(x + e->start, e, sine);
    }
    store(out, x, n);
    af_free(x);
    return AF_OK;
}
