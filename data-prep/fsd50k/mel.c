/* A triangle touches few of the 961 frequencies, so each band knows its first and last one. */
#include "data-prep/fsd50k/mel.h"
#include <fftw3.h>
#include <math.h>
#include "core/base/alloc.h"

enum { FREQUENCIES = AF_MEL_POINTS / 2 + 1, LEFT = (AF_MEL_POINTS - AF_MEL_WINDOW) / 2 };
static const double TOP_DB = 80, LEAST = 1e-10;

struct af_mel {
    fftw_plan plan;
    double window[AF_MEL_WINDOW];
    double *weight; /* {bands, frequencies} */
    int first[AF_MEL_BANDS], end[AF_MEL_BANDS];
};

typedef struct workspace { /* aligned alike wherever it lies */
    _Alignas(64) double frame[AF_MEL_POINTS];
    _Alignas(64) fftw_complex spectrum[FREQUENCIES];
} workspace;

static double hz(double mel)
{
    return 700 * (pow(10, mel / 2595) - 1);
}

static void make_bands(af_mel *m)
{
    const double top = 2595 * log10(1 + AF_MEL_RATE / 2.0 / 700), step = top / (AF_MEL_BANDS + 1);
    for (int b = 0; b < AF_MEL_BANDS; b++) {
        const double low = hz(b * step), peak = hz((b + 1) * step), high = hz((b + 2) * step);
        double *w = m->weight + b * FREQUENCIES;
        m->first[b] = FREQUENCIES;
        for (int k = 0; k < FREQUENCIES; k++) {
            double f = AF_MEL_RATE / 2.0 * k / (FREQUENCIES - 1);
            double up = (f - low) / (peak - low), down = (high - f) / (high - peak);
            double v = up < down ? up : down;
            w[k] = v > 0 ? v : 0;
            if (w[k] <= 0) continue;
            if (k < m->first[b]) m->first[b] = k;
            m->end[b] = k + 1;
        }
    }
}

af_status af_mel_new(af_mel **out)
{
    af_mel *m = af_calloc(1, sizeof *m);
    workspace *w = af_alloc(sizeof *w);
    if (m) m->weight = af_alloc((size_t)AF_MEL_BANDS * FREQUENCIES * sizeof *m->weight);
    if (m && w) m->plan = fftw_plan_dft_r2c_1d(AF_MEL_POINTS, w->frame, w->spectrum, FFTW_ESTIMATE);
    af_free(w);
    if (!m || !m->weight || !m->plan) {
        af_mel_free(m);
        return af_fail(AF_ENOMEM, "no memory for mel spectrograms");
    }
    for (int i = 0; i < AF_MEL_WINDOW; i++)
        m->window[i] = 0.5 - 0.5 * cos(2 * M_PI * i / AF_MEL_WINDOW);
    make_bands(m);
    *out = m;
    return AF_OK;
}

void af_mel_free(af_mel *m)
{
    if (!m) return;
    if (m->plan) fftw_destroy_plan(m->plan);
    af_free(m->weight);
    af_free(m);
}

/* The sample at `at`, which may lie outside: reflected, the end itself not repeated. */
static double sample(const int16_t *x, int at)
{
    if (at < 0) at = -at;
    if (at >= AF_MEL_CHUNK) at = 2 * (AF_MEL_CHUNK - 1) - at;
    return x[at] / 32768.0;
}

/* Powers in the bands of the frame whose middle is at hop * t. */
static void one_frame(const af_mel *m, workspace *w, double *out, const int16_t *x, int t)
{
    const int start = t * AF_MEL_HOP - AF_MEL_POINTS / 2 + LEFT;
    for (int i = 0; i < AF_MEL_WINDOW; i++)
        w->frame[LEFT + i] = m->window[i] * sample(x, start + i);
    fftw_execute_dft_r2c(m->plan, w->frame, w->spectrum);
    double *power = w->frame; /* its room is free until the next frame */
    for (int k = 0; k < FREQUENCIES; k++)
        power[k] = w->spectrum[k][0] * w->spectrum[k][0] + w->spectrum[k][1] * w->spectrum[k][1];
    for (int b = 0; b < AF_MEL_BANDS; b++) {
        double sum = 0;
        for (int k = m->first[b]; k < m->end[b]; k++)
            sum += m->weight[b * FREQUENCIES + k] * power[k];
        out[b * AF_MEL_FRAMES + t] = sum;
    }
    for (int i = 0; i < AF_MEL_POINTS; i++) w->frame[i] = 0;
}

static void decibels(double x[AF_MEL_SIZE])
{
    double top = -INFINITY, sum = 0;
    for (int i = 0; i < AF_MEL_SIZE; i++) {
        x[i] = 10 * log10(x[i] > LEAST ? x[i] : LEAST);
        top = x[i] > top ? x[i] : top;
    }
    for (int i = 0; i < AF_MEL_SIZE; i++) {
        if (x[i] < top - TOP_DB) x[i] = top - TOP_DB;
        sum += x[i];
    }
    for (int i = 0; i < AF_MEL_SIZE; i++) x[i] -= sum / AF_MEL_SIZE;
}

void af_mel_chunk(const af_mel *m, double out[AF_MEL_SIZE], const int16_t x[AF_MEL_CHUNK])
{
    workspace w = {.frame = {0}};
    for (int t = 0; t < AF_MEL_FRAMES; t++) one_frame(m, &w, out, x, t);
    decibels(out);
}
