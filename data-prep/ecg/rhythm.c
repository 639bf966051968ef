/* Rhythm classes over the model, and what a hand-held recorder adds. Rates, spreads and noise
 * levels are our choices within textbook ranges. The fibrillatory baseline is the sawtooth with
 * modulated amplitude and frequency of Stridh and Sornmo, IEEE Trans. Biomed. Eng. 48(1), 2001. */
#include "data-prep/ecg/rhythm.h"
#include <math.h>

enum { MAX_SAMPLES = AF_ECG_RATE * AF_ECG_MAX_SECONDS, POPS = 8 };

static const double TWO_PI = 2 * M_PI;

/* Less unbalanced than the challenge (.60 .09 .28 .03), so that a tenth of a few hundred records
 * holds every class. */
static const double label_share[AF_ECG_LABELS] = {.50, .16, .25, .09};

const af_rhythm af_rhythms[AF_RHYTHMS] = {
    {"sinus rhythm", AF_ECG_NORMAL, 1, {50, 100}, .width = 1},
    {"atrial fibrillation",
     AF_ECG_FIBRILLATION,
     1,
     {55, 130},
     .irregular = .17,
     .fibrillation = true,
     .width = 1},
    {"premature atrial beats", AF_ECG_OTHER, .25, {52, 98}, .ectopic = .2, .width = 1},
    {"premature ventricular beats",
     AF_ECG_OTHER,
     .2,
     {52, 98},
     .ectopic = .16,
     .ventricular = true,
     .width = 1},
    {"bradycardia", AF_ECG_OTHER, .15, {36, 49}, .width = 1},
    {"tachycardia", AF_ECG_OTHER, .2, {101, 145}, .width = 1},
    {"bundle branch block", AF_ECG_OTHER, .2, {52, 98}, .width = 1.7},
};

static double between(af_rng *r, double low, double high)
{
    return low + (high - low) * af_rng_unit(r);
}

static double about(af_rng *r, double median, double spread)
{ /* lognormal */
    return median * exp(spread * af_rng_normal(r));
}

/* This subject's waves; T may be flat or inverted, P small. */
static void subject_waves(af_ecg_wave w[AF_ECG_WAVES], const af_rhythm *r, double bpm, af_rng *rng)
{
    const double height[AF_ECG_WAVES] = {.6, 1, 1, 1, .8},
                 spread[AF_ECG_WAVES] = {.5, .5, .15, .5, .5};
    af_ecg_waves_at(w, bpm);
    for (int i = 0; i < AF_ECG_WAVES; i++) {
        w[i].a *= about(rng, height[i], spread[i]);
        w[i].b *= about(rng, 1, .15);
        w[i].theta *= about(rng, 1, .05);
        if (i == AF_ECG_P || i == AF_ECG_T) continue;
        w[i].b *= r->width;
        w[i].theta *= r->width;
        w[i].a /= r->width * r->width;
    }
    if (r->fibrillation) w[AF_ECG_P].a = 0;
    if (between(rng, 0, 1) < (r->width > 1 ? .6 : .12)) w[AF_ECG_T].a *= -1;
}

/* A premature beat starts elsewhere in the heart. Ventricular: slow, tall, T against it, no P.
 * Atrial: only P is strange. */
static void ectopic_waves(af_ecg_wave w[AF_ECG_WAVES], bool ventricular)
{
    if (!ventricular) {
        w[AF_ECG_P].a *= -.6;
        return;
    }
    for (int i = AF_ECG_Q; i <= AF_ECG_S; i++) {
        w[i].b *= 2.2;
        w[i].theta *= 2.2;
        w[i].a *= 1.4 / (2.2 * 2.2);
    }
    w[AF_ECG_P].a = 0;
    w[AF_ECG_T].a *= -1.5;
}

int af_rhythm_beats(af_ecg_beat out[AF_ECG_BEATS], const af_rhythm *r, double bpm, double seconds,
                    af_rng *rng)
{
    af_rr rr;
    af_ecg_wave normal[AF_ECG_WAVES];
    af_rr_make(&rr, bpm, bpm * between(rng, .02, .1), about(rng, .5, .5), between(rng, .2, .32),
               rng);
    subject_waves(normal, r, bpm, rng);
    double spread = r->irregular * between(rng, .7, 1.4),
           share = r->ectopic * between(rng, .5, 1.5);
    double now = 0;
    bool early = true; /* never two in a row, nor the first */
    int n = 0;
    while (n < AF_ECG_BEATS && now < seconds + 4) {
        af_ecg_beat *b = &out[n];
        b->rr = spread > 0 ? about(rng, 60 / bpm, spread) : af_rr_at(&rr, now);
        b->rr = b->rr < .28 ? .28 : b->rr > 2.4 ? 2.4 : b->rr;
        for (int i = 0; i < AF_ECG_WAVES; i++) b->wave[i] = normal[i];
        early = !early && af_rng_unit(rng) < share;
        if (early) {
            double coupling = between(rng, .55, .75);
            ectopic_waves(b->wave, r->ventricular);
            now -= out[n - 1].rr * (1 - coupling);
            out[n - 1].rr *= coupling;
            b->rr *= r->ventricular ? 2 - coupling : 1.08;
        }
        now += b->rr;
        n++;
    }
    return n;
}

/* Adds the atrial activity of fibrillation, in mV. */
static void fibrillate(float *x, int n, af_rng *rng)
{
    double f = between(rng, 4.5, 8.5), height = about(rng, .035, .5), sweep = between(rng, .1, .3);
    double phase[3];
    for (int i = 0; i < 3; i++) phase[i] = TWO_PI * af_rng_unit(rng);
    for (int i = 0; i < n; i++) {
        double t = (double)i / AF_ECG_RATE, v = 0;
        double angle = TWO_PI * f * t + sweep * f * sin(TWO_PI * .2 * t + phase[0]) + phase[1];
        for (int m = 1; m <= 4; m++) v += sin(m * angle) / m;
        x[i] -= (float)(height * (1 + .4 * sin(TWO_PI * .3 * t + phase[2])) * v);
    }
}

/* Baseline wander, muscle noise, electrode pops that fade and shake. `level` 1 is a good recording.
 */
static void disturb(float *x, int n, double level, af_rng *rng)
{
    double wander = .12 * about(rng, level, .5), muscle = .02 * about(rng, level, .4);
    double f[3], phase[3], at[POPS], pop[POPS], fade[POPS];
    for (int k = 0; k < 3; k++) {
        f[k] = between(rng, .05, .7);
        phase[k] = TWO_PI * af_rng_unit(rng);
    }
    for (int k = 0; k < POPS; k++) {
        at[k] = between(rng, 0, n);
        pop[k] = .08 * level * af_rng_normal(rng);
        fade[k] = AF_ECG_RATE * between(rng, .05, .8);
    }
    for (int i = 0; i < n; i++) {
        double t = (double)i / AF_ECG_RATE, v = 0, rough = muscle;
        for (int k = 0; k < 3; k++) v += wander * sin(TWO_PI * f[k] * t + phase[k]);
        for (int k = 0; k < POPS; k++) {
            double since = (i - at[k]) / fade[k];
            if (since < 0 || since > 12) continue;
            v += pop[k] * exp(-since);
            if (since < 4) rough += .35 * fabs(pop[k]);
        }
        x[i] += (float)(v + rough * af_rng_normal(rng));
    }
}

/* The recorder passes 0.5 to 35 Hz: one pole below, two above. */
static void recorder(float *x, int n)
{
    double keep = exp(-TWO_PI * .5 / AF_ECG_RATE), blend = 1 - exp(-TWO_PI * 35 / AF_ECG_RATE);
    double high = 0, low = 0, lower = 0, last = n ? x[0] : 0;
    for (int i = 0; i < n; i++) {
        high = keep * (high + x[i] - last);
        last = x[i];
        low += blend * (high - low);
        lower += blend * (low - lower);
        x[i] = (float)lower;
    }
}

static af_rhythm_name draw_rhythm(af_ecg_label label, af_rng *rng)
{
    double u = af_rng_unit(rng);
    if (label == AF_ECG_NOISY) /* noise may lie over any rhythm */
        label = u < .6 ? AF_ECG_NORMAL : u < .7 ? AF_ECG_FIBRILLATION : AF_ECG_OTHER;
    u = af_rng_unit(rng);
    int last = 0;
    for (int i = 0; i < AF_RHYTHMS; i++) {
        if (af_rhythms[i].label != label) continue;
        last = i;
        if ((u -= af_rhythms[i].share) < 0) break;
    }
    return (af_rhythm_name)last;
}

/* Most recordings of the challenge last 30 s, the others 9 to 61 s; brief ones 9 to 18 s. */
af_ecg_label af_ecg_draw(int *length, uint64_t seed, int k, bool brief)
{
    af_rng rng = af_rng_at(seed, "ecg/draw", (uint64_t)k, 0, 0, 0);
    double u = af_rng_unit(&rng);
    int label = 0;
    while (label < AF_ECG_LABELS - 1 && (u -= label_share[label]) >= 0) label++;
    double usual = af_rng_unit(&rng), seconds = between(&rng, 9, brief ? 18 : 61);
    *length = (int)(AF_ECG_RATE * (!brief && usual < .7 ? 30 : seconds));
    return (af_ecg_label)label;
}

void af_ecg_synthesise(af_ecg_record *out, uint64_t seed, int k)
{
    float x[MAX_SAMPLES];
    af_ecg_beat beats[AF_ECG_BEATS];
    af_rng rng = af_rng_at(seed, "ecg/signal", (uint64_t)k, 0, 0, 0);
    const af_rhythm *r = &af_rhythms[draw_rhythm(out->label, &rng)];
    double bpm = between(&rng, r->bpm[0], r->bpm[1]);
    int n = out->length;
    int count = af_rhythm_beats(beats, r, bpm, (double)n / AF_ECG_RATE, &rng);
    af_ecg_breath breath = {between(&rng, .2, .32), .005, TWO_PI * af_rng_unit(&rng)};
    af_ecg_integrate(x, n, AF_ECG_RATE, beats, count, &breath);
    double gain = about(&rng, 1, .3) / .0477; /* an R wave of about 1 mV */
    if (af_rng_unit(&rng) < .2) gain = -gain; /* held the wrong way round */
    for (int i = 0; i < n; i++) x[i] *= (float)gain;
    if (r->fibrillation) fibrillate(x, n, &rng);
    disturb(x, n, about(&rng, out->label == AF_ECG_NOISY ? 7 : 1, .45), &rng);
    recorder(x, n);
    for (int i = 0; i < n; i++) {
        double v = round(1000.0 * x[i]);
        out->x[i] = (int16_t)(v > INT16_MAX ? INT16_MAX : v < INT16_MIN ? INT16_MIN : v);
    }
}
