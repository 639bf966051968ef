/* The transforms of line tiles, F(4,taps), written as those of winograd_kernels.h, which comes
 * first; and at the end the table of all kernels, under the NAME of the instruction set.
 *
 * Points are 0, 1, -1, 2, -2, then 1/2 (4 taps) or 1/2 and -1/2 (5 taps), and infinity; values are
 * in this order. With P the product of (x - a) over all finite points a, the row of B' of a point
 * has the coefficients of P / (x - a), the last one those of P; the row of A of a point is its
 * powers; G (winograd_taps.c) has the powers over the value of P / (x - a) at a. Rows of a and -a
 * share their even and odd halves. */

enum { MOST_VALUES = AF_LINE_OUTPUTS + AF_LINE_TAPS_MAX - 1 };

/* Points 0, 1, -1, 2, -2. */
PART void five_points(VECTOR v[5], const VECTOR d[5])
{
    VECTOR e1 = d[4] - ALL(4) * d[2], o1 = d[3] - ALL(4) * d[1];
    VECTOR e2 = d[4] - d[2], o2 = ALL(2) * (d[3] - d[1]);
    v[0] = ALL(4) * d[0] + (d[4] - ALL(5) * d[2]);
    v[1] = e1 + o1;
    v[2] = e1 - o1;
    v[3] = e2 + o2;
    v[4] = e2 - o2;
}

/* x (x^2 - 1) (x^2 - 4) */
PART VECTOR five_product(const VECTOR d[6])
{
    return ALL(4) * d[1] + (d[5] - ALL(5) * d[3]);
}

/* x^even times (x^2 - a) (x^2 - b); taps of d two apart. */
PART VECTOR even_part(const VECTOR *d, float sum, float product)
{
    return d[4] - ALL(sum) * d[2] + ALL(product) * d[0];
}

PART void inputs_to_values(VECTOR v[MOST_VALUES], const VECTOR d[MOST_VALUES], int taps)
{
    if (taps == 3) {
        five_points(v, d);
        v[5] = five_product(d);
    } else if (taps == 4) { /* all rows but that of 1/2 have the factor x - 1/2 */
        VECTOR e[6];
        UNROLL for (int i = 0; i < 6; i++) e[i] = d[i + 1] - ALL(0.5f) * d[i];
        five_points(v, e);
        v[5] = five_product(d);
        v[6] = five_product(e);
    } else {
        VECTOR e1 = even_part(d + 2, 4.25f, 1), o1 = even_part(d + 1, 4.25f, 1);
        VECTOR e2 = even_part(d + 2, 1.25f, 0.25f), o2 = ALL(2) * even_part(d + 1, 1.25f, 0.25f);
        VECTOR e3 = even_part(d + 2, 5, 4), o3 = ALL(0.5f) * even_part(d + 1, 5, 4);
        v[0] = d[6] - d[0] + ALL(5.25f) * (d[2] - d[4]);
        v[1] = e1 + o1;
        v[2] = e1 - o1;
        v[3] = e2 + o2;
        v[4] = e2 - o2;
        v[5] = e3 + o3;
        v[6] = e3 - o3;
        v[7] = d[7] - d[1] + ALL(5.25f) * (d[3] - d[5]);
    }
}

PART void outputs_to_values(VECTOR v[MOST_VALUES], const VECTOR y[4], int taps)
{
    VECTOR e1 = y[0] + y[2], o1 = y[1] + y[3];
    VECTOR e2 = y[0] + ALL(4) * y[2], o2 = ALL(2) * y[1] + ALL(8) * y[3];
    VECTOR e3 = y[0] + ALL(0.25f) * y[2], o3 = ALL(0.5f) * y[1] + ALL(0.125f) * y[3];
    v[0] = y[0];
    v[1] = e1 + o1;
    v[2] = e1 - o1;
    v[3] = e2 + o2;
    v[4] = e2 - o2;
    if (taps >= 4) v[5] = e3 + o3;
    if (taps == 5) v[6] = e3 - o3;
    v[taps + 2] = y[3];
}

PART void values_to_outputs(VECTOR y[4], const VECTOR m[MOST_VALUES], int taps)
{
    VECTOR s1 = m[1] + m[2], t1 = m[1] - m[2], s2 = m[3] + m[4], t2 = m[3] - m[4];
    y[0] = m[0] + s1 + s2;
    y[1] = t1 + ALL(2) * t2;
    y[2] = s1 + ALL(4) * s2;
    y[3] = t1 + ALL(8) * t2 + m[taps + 2];
    if (taps < 4) return;
    VECTOR s3 = m[5], t3 = m[5];
    if (taps == 5) s3 += m[6], t3 -= m[6];
    y[0] += s3;
    y[1] += ALL(0.5f) * t3;
    y[2] += ALL(0.25f) * s3;
    y[3] += ALL(0.125f) * t3;
}

/* ---- walks along a line ---- */

PART void line_transform_channels(float *v, const af_winograd_line *l, const float *row, int width,
                                  int taps)
{
    const size_t apart = l->apart, step = (size_t)l->step;
    const ptrdiff_t next = l->c;
    const int w = l->w, span = taps + 3, end = l->column + 4 * (l->tiles + l->extra);
    for (int j = l->column; j < end; j += 4, v += step) {
        VECTOR d[MOST_VALUES], to[MOST_VALUES];
        const float *x = row + j * next;
        if (j >= 0 && j + span <= w) {
            UNROLL for (int i = 0; i < span; i++) d[i] = take(x + i * next, width);
        } else {
            UNROLL for (int i = 0; i < span; i++) d[i] =
                j + i >= 0 && j + i < w ? take(x + i * next, width) : ALL(0);
        }
        inputs_to_values(to, d, taps);
        UNROLL for (int i = 0; i < span; i++) STORE(v + (size_t)i * apart, to[i]);
    }
}

PART void line_transform(float *v, const af_winograd_line *l, const float *row, int taps)
{
    int c = 0;
    for (; c + LANES <= l->c; c += LANES) line_transform_channels(v + c, l, row + c, LANES, taps);
    if (c < l->c) line_transform_channels(v + c, l, row + c, l->c - c, taps);
}

PART void line_expand_channels(float *d, const af_winograd_line *l, const float *row, int width,
                               int step, int taps)
{
    const size_t apart = l->apart;
    const ptrdiff_t next = l->c;
    const int w = l->w, end = l->column + 4 * l->tiles;
    for (int j = l->column; j < end; j += 4, d += step) {
        VECTOR y[4], to[MOST_VALUES];
        const float *from = row + j * next;
        UNROLL for (int i = 0; i < 4; i++) y[i] = j + i < w ? take(from + i * next, width) : ALL(0);
        outputs_to_values(to, y, taps);
        UNROLL for (int i = 0; i < taps + 3; i++) STORE(d + (size_t)i * apart, to[i]);
    }
    for (int k = 0; k < l->extra; k++, d += step)
        UNROLL for (int i = 0; i < taps + 3; i++) STORE(d + (size_t)i * apart, ALL(0));
}

PART void line_expand(float *d, int first, const af_winograd_line *l, const float *row, int taps)
{
    for (int c = 0; c < l->c; c += LANES) {
        float *to = d + panel_of(l, first, c);
        int left = l->c - c, step = panel_step(l, c);
        if (left >= LANES)
            line_expand_channels(to, l, row + c, LANES, step, taps);
        else
            line_expand_channels(to, l, row + c, left, step, taps);
    }
}

PART void line_contract_channels(float *row, int stride, const af_winograd_line *l, const float *m,
                                 VECTOR bias, bool add, int width, int taps)
{
    const size_t apart = l->apart;
    const ptrdiff_t next = stride;
    const int w = l->w, end = l->column + 4 * l->tiles, step = l->step;
    for (int j = l->column; j < end; j += 4, m += step) {
        VECTOR from[MOST_VALUES], y[4];
        float *to = row + j * next;
        UNROLL for (int i = 0; i < taps + 3; i++) from[i] = LOAD(m + (size_t)i * apart);
        values_to_outputs(y, from, taps);
        UNROLL for (int i = 0; i < 4; i++)
        {
            if (j + i >= w) break;
            y[i] += bias;
            if (add) y[i] += take(to + i * next, width);
            put(to + i * next, y[i], width);
        }
    }
}

PART void line_contract(float *row, int stride, const af_winograd_line *l, const float *m,
                        const float *bias, bool add, int taps)
{
    for (int c = 0; c < l->c; c += LANES) {
        int width = l->c - c < LANES ? l->c - c : LANES;
        VECTOR b = bias ? take(bias + c, width) : ALL(0);
        if (width < LANES)
            line_contract_channels(row + c, stride, l, m + c, b, add, width, taps);
        else if (add)
            line_contract_channels(row + c, stride, l, m + c, b, true, LANES, taps);
        else
            line_contract_channels(row + c, stride, l, m + c, b, false, LANES, taps);
    }
}

#define LINE_KERNELS(taps)                                                                         \
    KERNEL void transform_##taps(float *v, const af_winograd_line *l, const float *const row[4])   \
    {                                                                                              \
        line_transform(v, l, row[0], taps);                                                        \
    }                                                                                              \
    KERNEL void expand_##taps(float *d, int first, const af_winograd_line *l,                      \
                              const float *const row[2])                                           \
    {                                                                                              \
        line_expand(d, first, l, row[0], taps);                                                    \
    }                                                                                              \
    KERNEL void contract_##taps(float *const row[2], int stride, const af_winograd_line *l,        \
                                const float *m, const float *bias, bool add)                       \
    {                                                                                              \
        line_contract(row[0], stride, l, m, bias, add, taps);                                      \
    }
LINE_KERNELS(3)
LINE_KERNELS(4)
LINE_KERNELS(5)
#define LINE(taps)                                                                                 \
    {                                                                                              \
        taps + 3, transform_##taps, expand_##taps, contract_##taps                                 \
    }

static const af_winograd_isa isa = {
    .name = {"winograd:" NAME, "winograd line:" NAME},
    .vector = LANES,
    .granule = GRANULE,
    .multiply = multiply,
    .correlate = correlate,
    .square = {16, transform, expand, contract},
    .line = {LINE(3), LINE(4), LINE(5)},
};
