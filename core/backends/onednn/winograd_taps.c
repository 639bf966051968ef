/* Weights into the Winograd domain of F(4,taps) and their gradients back, u = G g and g = G' u,
 * part by part, for all filters of a panel at once. See winograd_line.h for the points. */
#include <string.h>
#include "core/base/simd.h"
#include "core/backends/onednn/winograd.h"

enum { MAX_POINTS = AF_LINE_OUTPUTS + AF_LINE_TAPS_MAX - 2 };

int af_winograd_depth(int in, int parts, int vector)
{
    return parts > 1 ? parts * af_round_up(in, vector) : in;
}

size_t af_winograd_weight_floats(int values, int depth, int out, int vector)
{
    int panels = af_quotient_up(out, 2 * vector);
    return (size_t)values * panels * af_winograd_weights_apart(depth, 2 * vector);
}

typedef struct matrix { /* G */
    int values, taps;
    float g[MAX_POINTS + 1][AF_LINE_TAPS_MAX];
} matrix;

static matrix make_matrix(int taps)
{
    static const double points[MAX_POINTS] = {0, 1, -1, 2, -2, 0.5, -0.5};
    matrix m = {.values = taps + AF_LINE_OUTPUTS - 1, .taps = taps};
    const int finite = m.values - 1;
    for (int e = 0; e < finite; e++) {
        double power = 1;
        for (int k = 0; k < finite; k++)
            if (k != e) power /= points[e] - points[k];
        for (int t = 0; t < taps; t++, power *= points[e]) m.g[e][t] = (float)power;
    }
    m.g[finite][taps - 1] = 1;
    return m;
}

/* Where tap t of a part is within a filter; -1: behind the filter's last, so zero. */
static int tap_of(const af_filters *f, int part, int t)
{
    int all = part * f->taps + t;
    return all < f->all ? f->tap + all * f->tap_step : -1;
}

AF_INLINE void to_domain(float *u, size_t apart, float g[AF_LINE_TAPS_MAX][AF_WINOGRAD_WIDE],
                         const matrix *m, int wide)
{
    for (int e = 0; e < m->values; e++, u += apart)
        for (int l = 0; l < wide; l++) {
            float sum = 0;
            for (int t = 0; t < m->taps; t++) sum += m->g[e][t] * g[t][l];
            u[l] = sum;
        }
}

AF_INLINE void from_domain(float g[AF_LINE_TAPS_MAX][AF_WINOGRAD_WIDE], const float *u,
                           size_t apart, const matrix *m, int wide)
{
    memset(g, 0, sizeof(float[AF_LINE_TAPS_MAX][AF_WINOGRAD_WIDE]));
    for (int e = 0; e < m->values; e++, u += apart)
        for (int t = 0; t < m->taps; t++)
            for (int l = 0; l < wide; l++) g[t][l] += m->g[e][t] * u[l];
}

AF_SIMD void af_winograd_pack_line(float *u, const float *w, const af_filters *f, int vector)
{
    const matrix m = make_matrix(f->taps);
    const int depth = af_winograd_depth(f->in, f->parts, vector), each = depth / f->parts;
    float g[AF_LINE_TAPS_MAX][AF_WINOGRAD_WIDE] = {{0}};
    for (int o = 0; o < f->out; o += 2 * vector) {
        int left = f->out - o, wide = af_winograd_wide(f->out, o, vector);
        int count = left < wide ? left : wide;
        size_t apart = af_winograd_weights_apart(depth, wide);
        memset(g, 0, sizeof g);
        for (int p = 0; p < f->parts; p++)
            for (int i = 0; i < f->in; i++) {
                for (int t = 0; t < f->taps; t++) {
                    const int tap = tap_of(f, p, t);
                    const float *from = w + (size_t)o * f->out_step + (size_t)i * f->in_step;
                    for (int l = 0; l < count; l++, from += f->out_step)
                        g[t][l] = tap < 0 ? 0 : from[tap];
                }
                to_domain(u + (size_t)(p * each + i) * (size_t)wide, apart, g, &m, wide);
            }
        u += (size_t)m.values * apart;
    }
}

AF_SIMD void af_winograd_unpack_line(float *w, const float *u, const af_filters *f, int rows,
                                     int vector)
{
    const matrix m = make_matrix(f->taps);
    float g[AF_LINE_TAPS_MAX][AF_WINOGRAD_WIDE];
    for (int o = 0; o < f->out; o += 2 * vector) {
        int left = f->out - o, wide = af_winograd_wide(f->out, o, vector);
        int count = left < wide ? left : wide;
        size_t apart = af_winograd_weights_apart(f->parts * rows, wide);
        for (int p = 0; p < f->parts; p++)
            for (int i = 0; i < f->in; i++) {
                from_domain(g, u + (size_t)(p * rows + i) * (size_t)wide, apart, &m, wide);
                for (int t = 0; t < f->taps; t++) {
                    const int tap = tap_of(f, p, t);
                    float *to = w + (size_t)o * f->out_step + (size_t)i * f->in_step;
                    for (int l = 0; tap >= 0 && l < count; l++, to += f->out_step)
                        to[tap] = g[t][l];
                }
            }
        u += (size_t)m.values * apart;
    }
}
