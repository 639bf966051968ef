/* A polyphase filter. With L = to / g and M = from / g for the common factor g, output i lies at
 * input i M / L: between inputs its fraction is one of L, so the windowed sinc is tabulated for
 * each of them once. Double precision throughout: rounding to 16 bits afterwards is the same
 * everywhere but for exact ties. */
#include <math.h>
#include "core/base/alloc.h"
#include "data-prep/formats/wav.h"

enum { CROSSINGS = 64, SHARED = 25 };
static const double BETA = 9, CUT = 0.955;

static int64_t common(int64_t a, int64_t b)
{
    return b ? common(b, a % b) : a;
}

/* The modified Bessel function of order 0, by its series; all terms are positive. */
static double bessel(double x)
{
    double sum = 1, term = 1;
    for (int k = 1; term > 1e-18 * sum; k++) {
        term *= (x / (2 * k)) * (x / (2 * k));
        sum += term;
    }
    return sum;
}

/* At t input samples from the centre, `top` being bessel(BETA); the low-pass passes `low` of the
 * input's Nyquist frequency. */
static double kernel(double t, double low, double top)
{
    const double reach = CROSSINGS / low, u = t / reach, phase = M_PI * CUT * low * t;
    if (fabs(u) >= 1) return 0;
    const double sinc = t == 0 ? 1 : sin(phase) / phase;
    return CUT * low * sinc * bessel(BETA * sqrt(1 - u * u)) / top;
}

typedef struct bank {
    int64_t up, down, reach; /* L, M, inputs on each side */
    double *tap;             /* {L, 2 reach + 1} */
} bank;

static af_status bank_open(bank *b, int from, int to)
{
    const int64_t g = common(from, to);
    const double low = to < from ? (double)to / from : 1, top = bessel(BETA);
    b->up = to / g;
    b->down = from / g;
    b->reach = (int64_t)ceil(CROSSINGS / low);
    const int64_t taps = 2 * b->reach + 1;
    b->tap = af_alloc((size_t)(b->up * taps) * sizeof *b->tap);
    if (!b->tap) return AF_ENOMEM;
#pragma omp parallel for schedule(static) if (b->up > 16)
    for (int64_t p = 0; p < b->up; p++)
        for (int64_t k = 0; k < taps; k++)
            b->tap[p * taps + k] =
                kernel((double)(k - b->reach) - (double)p / (double)b->up, low, top);
    return AF_OK;
}

static double output(const bank *b, const double *x, int64_t n, int64_t i)
{
    const int64_t at = i * b->down / b->up, taps = 2 * b->reach + 1;
    const double *tap = b->tap + i * b->down % b->up * taps;
    const int64_t first = at - b->reach;
    int64_t k = first < 0 ? -first : 0, end = first + taps > n ? n - first : taps;
    double sum = 0;
    for (; k < end; k++) sum += tap[k] * x[first + k];
    return sum;
}

af_status af_resample(double **out, int64_t *count, const double *x, int64_t n, int from, int to)
{
    if (n < 1 || from < AF_WAV_MIN_RATE || to < AF_WAV_MIN_RATE || from > AF_WAV_MAX_RATE ||
        to > AF_WAV_MAX_RATE || n > AF_WAV_MAX_SAMPLES)
        return af_fail(AF_EINVAL, "%lld samples from %d to %d Hz, want 1 to %d at %d to %d Hz",
                       (long long)n, from, to, AF_WAV_MAX_SAMPLES, AF_WAV_MIN_RATE,
                       AF_WAV_MAX_RATE);
    if (from != to && common(from, to) < SHARED)
        return af_fail(AF_EUNSUPPORTED,
                       "from %d to %d Hz: the rates share no factor of %d Hz or more; convert the "
                       "file to a usual rate",
                       from, to, SHARED);
    bank b = {0};
    const int64_t made = (n * to + from - 1) / from;
    double *y = af_alloc((size_t)made * sizeof *y);
    af_status st = y ? AF_OK : AF_ENOMEM;
    if (st == AF_OK && from != to) st = bank_open(&b, from, to);
    if (st == AF_OK) {
#pragma omp parallel for schedule(static) if (made > 50000)
        for (int64_t i = 0; i < made; i++) y[i] = b.tap ? output(&b, x, n, i) : x[i];
        *out = y;
        *count = made;
    } else {
        af_free(y);
    }
    af_free(b.tap);
    return st;
}
