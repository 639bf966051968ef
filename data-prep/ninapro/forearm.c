#include "data-prep/ninapro/forearm.h"
#include <math.h>
#include <stdbool.h>
#include <string.h>
#include "core/base/philox.h"

static const double PI = 3.14159265358979323846;
enum { MUSCLES = 13, UNITS = 20, GESTURES = 17, RING = 8, ELECTRODES = AF_NINAPRO_ELECTRODES };
enum { STEPS = AF_NINAPRO_STEPS, REST_WINDOWS = 2, HOP = STEPS / 2 };
enum { SUBJECT, SIGNAL }; /* what a random stream is for */

/* Where a muscle lies in the forearm's section: degrees from the thumb's side over the back of the
 * hand, and distance from the middle; the skin is at 1. */
static const struct {
    double angle, radius;
} muscles[MUSCLES] = {
    {300, .80}, /* flexor carpi radialis */
    {200, .80}, /* flexor carpi ulnaris */
    {270, .85}, /* palmaris longus */
    {250, .60}, /* flexor digitorum superficialis */
    {215, .45}, /* flexor digitorum profundus */
    {310, .45}, /* flexor pollicis longus */
    {0, .85},   /* brachioradialis */
    {45, .80},  /* extensores carpi radiales */
    {90, .80},  /* extensor digitorum */
    {140, .80}, /* extensor carpi ulnaris */
    {75, .55},  /* extensor pollicis longus and abductor */
    {335, .60}, /* pronator teres */
    {30, .45},  /* supinator */
};

/* Drives of the muscles above, in tenths of the strongest. */
static const char drives[GESTURES][MUSCLES + 1] = {
    "0004400300800", /* thumb up */
    "0003530160000", /* index and middle extended */
    "0300500270500", /* ring and little flexed */
    "3040080100300", /* thumb opposing the little finger */
    "0000000383500", /* all fingers abducted */
    "0008850403000", /* fist */
    "1006640030000", /* pointing index */
    "0002000572000", /* fingers extended and adducted */
    "0000003010008", /* supination, axis through the middle finger */
    "2000001000080", /* pronation, the same */
    "0000002004308", /* supination, axis through the little finger */
    "0400000020080", /* pronation, the same */
    "8883000000000", /* wrist flexion */
    "0000000847000", /* wrist extension */
    "6000003700400", /* radial deviation */
    "0800000008000", /* ulnar deviation */
    "0006640827000", /* wrist extension with closed hand */
};

static const double RATE = 200, SPEED = 4, APART = 0.03; /* readings/s, m/s, m between the rings */
static const double LOWEST_RATE = 8, HIGHEST_RATE = 35;  /* discharges a second */
static const double SIZES = 30, THRESHOLDS = 30;         /* largest unit over smallest */

typedef struct arm { /* of one subject */
    double turn, strength[MUSCLES], gain[ELECTRODES], noise;
} arm;

static arm draw_arm(af_rng *r)
{
    arm a = {.turn = 10 * af_rng_normal(r)};
    for (int m = 0; m < MUSCLES; m++) a.strength[m] = exp(0.2 * af_rng_normal(r));
    for (int e = 0; e < ELECTRODES; e++) a.gain[e] = exp(0.15 * af_rng_normal(r));
    a.noise = 0.08 * exp(0.2 * af_rng_normal(r));
    return a;
}

/* What an electrode sees of a muscle: distance in radii of the forearm. */
static double distance(const arm *a, int electrode, int muscle)
{
    double step = 360.0 / RING, half = electrode / RING ? step / 2 : 0;
    double at = (electrode % RING * step + half + a->turn) * PI / 180;
    double angle = muscles[muscle].angle * PI / 180, radius = muscles[muscle].radius;
    return hypot(cos(at) - radius * cos(angle), sin(at) - radius * sin(angle));
}

/* One discharge at `time` (s) of a unit of this size, on all electrodes of x {ELECTRODES, length}.
 */
static void discharge(float *x, int length, const arm *a, int muscle, double size, double time)
{
    for (int e = 0; e < ELECTRODES; e++) {
        double far = distance(a, e, muscle), width = 0.0025 * (1 + 1.5 * far);
        double height = a->gain[e] * a->strength[muscle] * size * 0.08 / (far * far + 0.03);
        double peak = time + (e / RING ? APART / SPEED : 0);
        int first = (int)ceil((peak - 4 * width) * RATE), last = (int)((peak + 4 * width) * RATE);
        if (first < 0) first = 0;
        for (int i = first; i <= last && i < length; i++) {
            double u = (i / RATE - peak) / width;
            x[e * length + i] += (float)(height * (1 - u * u) * exp(-u * u / 2));
        }
    }
}

/* Discharges of a muscle's pool under a drive of 0 to 1. */
static void contract(float *x, int length, af_rng *r, const arm *a, int muscle, double drive)
{
    for (int u = 0; u < UNITS; u++) {
        double rank = (u + 1.0) / UNITS, threshold = pow(THRESHOLDS, rank - 1) * 0.7;
        if (drive <= threshold) break;
        double rate = fmin(LOWEST_RATE + 60 * (drive - threshold), HIGHEST_RATE);
        double end = length / RATE + 0.03, time = -0.03 + af_rng_unit(r) / rate;
        while (time < end) {
            discharge(x, length, a, muscle, pow(SIZES, rank - 1), time);
            time += fmax(1 + 0.2 * af_rng_normal(r), 0.2) / rate;
        }
    }
}

/* The signal of one gesture (-1: rest), x zeroed, {ELECTRODES, length}. */
static void synthesise(float *x, int length, af_rng *r, const arm *a, int gesture, double effort)
{
    for (int m = 0; m < MUSCLES; m++) {
        double drive = 0.05 * af_rng_unit(r); /* muscles are never quite silent */
        if (gesture >= 0)
            drive += (drives[gesture][m] - '0') / 10.0 * effort * exp(0.1 * af_rng_normal(r));
        contract(x, length, r, a, m, fmin(drive, 1));
    }
    for (int i = 0; i < ELECTRODES * length; i++) x[i] += (float)(a->noise * af_rng_normal(r));
}

/* Every window of a session, {AF_FOREARM_SESSION, ELECTRODES, STEPS}. */
static void record_session(float *x, uint8_t *label, uint64_t seed, int subject, int repetition)
{
    enum { LONGEST = STEPS + (REST_WINDOWS - 1) * HOP };
    float signal[ELECTRODES * LONGEST];
    af_rng who = af_rng_at(seed, "forearm", SUBJECT, (uint32_t)subject, 0, 0);
    const arm a = draw_arm(&who);
    for (int part = 0; part < 2 * GESTURES; part++) {
        bool rest = part % 2;
        int count = rest ? REST_WINDOWS : 1, length = STEPS + (count - 1) * HOP;
        af_rng r = af_rng_at(seed, "forearm", SIGNAL, (uint32_t)subject, (uint32_t)repetition,
                             (uint32_t)part);
        double effort = 0.4 + 0.5 * af_rng_unit(&r);
        memset(signal, 0, sizeof signal);
        synthesise(signal, length, &r, &a, rest ? -1 : part / 2, effort);
        for (int w = 0; w < count; w++, x += ELECTRODES * STEPS) {
            *label++ = (uint8_t)(rest ? 0 : part / 2 + 1);
            for (int e = 0; e < ELECTRODES; e++)
                memcpy(x + e * STEPS, signal + e * length + w * HOP, STEPS * sizeof *x);
        }
    }
}

void af_forearm_record(af_ninapro_set *out, uint64_t seed, int subjects, const int *repetitions,
                       int count)
{
#pragma omp parallel for schedule(dynamic)
    for (int s = 0; s < subjects * count; s++) {
        int subject = s / count, repetition = repetitions[s % count];
        int64_t at = (int64_t)s * AF_FOREARM_SESSION;
        record_session(out->x + at * ELECTRODES * STEPS, out->label + at, seed, subject,
                       repetition);
        for (int k = 0; k < AF_FOREARM_SESSION; k++)
            out->group[at + k] = subject * AF_FOREARM_REPETITIONS + repetition;
    }
}
