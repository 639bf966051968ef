/* The model's equations. One deviation: a_i is multiplied by omega / 2 pi (as in Sameni et al.,
 * IEEE Trans. Biomed. Eng. 54(12), 2007), which changes nothing at 60 beats a minute. Without it a
 * wave grows with the length of its beat, and two unlike neighbours leave a step in the baseline.
 */
#include "data-prep/ecg/mcsharry.h"
#include <math.h>
#include <stdbool.h>

static const double TWO_PI = 2 * M_PI;
static const double SETTLE = 3; /* seconds run before the first sample: z forgets in one */

const af_ecg_wave af_ecg_published[AF_ECG_WAVES] = {
    [AF_ECG_P] = {-M_PI / 3, 1.2, 0.25}, [AF_ECG_Q] = {-M_PI / 12, -5, 0.1},
    [AF_ECG_R] = {0, 30, 0.1},           [AF_ECG_S] = {M_PI / 12, -7.5, 0.1},
    [AF_ECG_T] = {M_PI / 2, 0.75, 0.4},
};

void af_ecg_waves_at(af_ecg_wave out[AF_ECG_WAVES], double bpm)
{
    double stretch = sqrt(bpm / 60);
    for (int i = 0; i < AF_ECG_WAVES; i++) {
        bool outer = i == AF_ECG_P || i == AF_ECG_T;
        out[i].theta = af_ecg_published[i].theta * (outer ? sqrt(stretch) : stretch);
        out[i].b = af_ecg_published[i].b * stretch;
        out[i].a = af_ecg_published[i].a / (stretch * stretch);
    }
}

static double bell(double f, double centre)
{
    double d = (f - centre) / 0.01;
    return exp(-d * d / 2);
}

void af_rr_make(af_rr *out, double bpm, double bpm_sd, double ratio, double breath_hz, af_rng *rng)
{
    double power = 0, sd = 60 * bpm_sd / (bpm * bpm); /* of 60 / rate, to first order */
    out->mean = 60 / bpm;
    for (int k = 0; k < AF_RR_TERMS; k++) {
        double f =
            (k + 1) / 256.0; /* a line spectrum up to 0.5 Hz, fine enough for peaks of 0.01 Hz */
        double s = ratio * bell(f, 0.1) + bell(f, breath_hz);
        out->amplitude[k] = sqrt(s);
        out->phase[k] = TWO_PI * af_rng_unit(rng);
        power += s / 2;
    }
    for (int k = 0; k < AF_RR_TERMS; k++) out->amplitude[k] *= sd / sqrt(power);
}

double af_rr_at(const af_rr *rr, double seconds)
{
    double v = rr->mean;
    for (int k = 0; k < AF_RR_TERMS; k++)
        v += rr->amplitude[k] * cos(TWO_PI * (k + 1) / 256.0 * seconds + rr->phase[k]);
    return v > 0.25 ? v : 0.25;
}

static double wrapped(double angle)
{
    return angle > M_PI ? angle - TWO_PI : angle < -M_PI ? angle + TWO_PI : angle;
}

static void slope(double d[3], const double s[3], double omega, const af_ecg_wave *wave, double z0)
{
    double alpha = 1 - sqrt(s[0] * s[0] + s[1] * s[1]), theta = atan2(s[1], s[0]), push = 0;
    for (int i = 0; i < AF_ECG_WAVES; i++) {
        double delta = wrapped(theta - wave[i].theta), u = delta / wave[i].b;
        if (fabs(u) < 6) push += wave[i].a * delta * exp(-u * u / 2); /* exp(-18) is nothing */
    }
    d[0] = alpha * s[0] - omega * s[1];
    d[1] = alpha * s[1] + omega * s[0];
    d[2] = -push * omega / TWO_PI - (s[2] - z0);
}

static double baseline(const af_ecg_breath *b, double t)
{
    return b->amplitude * sin(TWO_PI * b->hz * t + b->phase);
}

static void runge_kutta(double s[3], double t, double h, double omega, const af_ecg_wave *wave,
                        const af_ecg_breath *breath)
{
    double k[4][3], at[3];
    const double part[4] = {0, h / 2, h / 2, h};
    for (int stage = 0; stage < 4; stage++) {
        for (int i = 0; i < 3; i++) at[i] = s[i] + (stage ? part[stage] * k[stage - 1][i] : 0);
        slope(k[stage], at, omega, wave, baseline(breath, t + part[stage]));
    }
    for (int i = 0; i < 3; i++) s[i] += h / 6 * (k[0][i] + 2 * k[1][i] + 2 * k[2][i] + k[3][i]);
}

void af_ecg_integrate(float *z, int n, double rate, const af_ecg_beat *beats, int count,
                      const af_ecg_breath *breath)
{
    double s[3] = {-1, 0, 0}, h = 1 / rate, theta = -M_PI;
    int settle = (int)(SETTLE * rate), beat = 0;
    double omega = TWO_PI / beats[0].rr;
    for (int i = -settle; i < n; i++) {
        runge_kutta(s, i * h, h, omega, beats[beat].wave, breath);
        double now = atan2(s[1], s[0]);
        bool peak = theta < 0 && now >= 0 && now < M_PI / 2, turn = now < theta - M_PI;
        theta = now;
        if (i < 0) continue;
        z[i] = (float)s[2];
        if (peak) omega = TWO_PI / beats[beat].rr;
        if (turn && beat < count - 1) beat++;
    }
}
