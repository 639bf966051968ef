/* The products of winograd.h and its square tiles, for vectors VECTOR of LANES floats. The
 * including file defines those, and TARGET, GRANULE, LOAD, LOAD_PART, STORE, STORE_PART, ALL and
 * FMA. A block of 3 or 2 GRANULE rows and 2 vectors of a product stays in registers; sums run over
 * channels (or tiles) in order.
 *
 *     B' = 1  0 -1  0     G = 1    0    0      A' = 1  1  1  0
 *          0  1  1  0         1/2  1/2  1/2         0  1 -1  1
 *          0 -1  1  0         1/2 -1/2  1/2
 *          0 -1  0  1         0    0    1
 *
 * (Lavin & Gray 2016, with the last row of B' and the last column of A' negated.) */

#define KERNEL static TARGET
#define PART   static inline TARGET __attribute__((always_inline))
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* `width` is the constant LANES but for the last channels. */
PART VECTOR take(const float *p, int width)
{
    return width == LANES ? LOAD(p) : LOAD_PART(p, width);
}

PART void put(float *p, VECTOR x, int width)
{
    if (width == LANES)
        STORE(p, x);
    else
        STORE_PART(p, x, width);
}

/* ---- transforms ---- */

/* One column of inputs, rows transformed. */
PART void column(VECTOR t[4], const float *const row[4], ptrdiff_t at, bool inside, int width)
{
    if (!inside) {
        t[0] = t[1] = t[2] = t[3] = ALL(0);
        return;
    }
    VECTOR x1 = take(row[1] + at, width), x2 = take(row[2] + at, width);
    t[0] = take(row[0] + at, width) - x2;
    t[1] = x1 + x2;
    t[2] = x2 - x1;
    t[3] = take(row[3] + at, width) - x1;
}

/* Neighbouring tiles share two columns, which stay in registers. What the loop needs is copied
 * first: the compiler must assume that vector stores change anything. */
PART void transform_channels(float *v, const af_winograd_line *l, const float *const rows[4], int c,
                             int width)
{
    const float *const row[4] = {rows[0] + c, rows[1] + c, rows[2] + c, rows[3] + c};
    const size_t apart = l->apart, step = (size_t)l->step;
    const ptrdiff_t next = l->c;
    const int w = l->w, end = l->column + 2 * l->tiles;
    VECTOR t0[4], t1[4], t2[4], t3[4];
    int j = l->column;
    ptrdiff_t at = j * next;
    column(t0, row, at, j >= 0 && j < w, width);
    column(t1, row, at + next, j + 1 >= 0 && j + 1 < w, width);
    for (at += 2 * next; j < end; j += 2, at += 2 * next, v += step) {
        column(t2, row, at, j + 2 >= 0 && j + 2 < w, width);
        float *to = v;
        UNROLL for (int i = 0; i < 4; i++, to += 4 * apart)
        {
            STORE(to, t0[i] - t2[i]);
            STORE(to + apart, t1[i] + t2[i]);
            STORE(to + 2 * apart, t2[i] - t1[i]);
            t0[i] = t2[i];
        }
        column(t3, row, at + next, j + 3 < w, width);
        to = v + 3 * apart;
        UNROLL for (int i = 0; i < 4; i++, to += 4 * apart)
        {
            STORE(to, t3[i] - t1[i]);
            t1[i] = t3[i];
        }
    }
}

KERNEL void transform(float *v, const af_winograd_line *l, const float *const row[4])
{
    int c = 0;
    for (; c + LANES <= l->c; c += LANES) transform_channels(v + c, l, row, c, LANES);
    if (c < l->c) transform_channels(v + c, l, row, c, l->c - c);
}

PART void expand_channels(float *d, const af_winograd_line *l, const float *const row[2], int c,
                          int width, int step)
{
    const size_t apart = l->apart;
    const ptrdiff_t next = l->c;
    const int w = l->w, end = l->column + 2 * l->tiles;
    const float *y0 = row[0] + l->column * next + c, *y1 = row[1] + l->column * next + c;
    for (int j = l->column; j < end; j += 2, d += step, y0 += 2 * next, y1 += 2 * next) {
        VECTOR a = take(y0, width), b = take(y1, width), e = ALL(0), f = ALL(0);
        if (j + 1 < w) e = take(y0 + next, width), f = take(y1 + next, width);
        VECTOR left[4] = {a, a + b, a - b, b}, right[4] = {e, e + f, e - f, f};
        float *to = d;
        UNROLL for (int i = 0; i < 4; i++, to += 4 * apart)
        {
            STORE(to, left[i]);
            STORE(to + apart, left[i] + right[i]);
            STORE(to + 2 * apart, left[i] - right[i]);
            STORE(to + 3 * apart, right[i]);
        }
    }
}

/* Floats between tiles of the panel that has channel c, a multiple of LANES. */
PART int panel_step(const af_winograd_line *l, int c)
{
    bool single = c % (2 * LANES) == 0 && c + LANES >= l->c; /* a panel of one vector */
    return single ? LANES : 2 * LANES;
}

/* Where it has this channel of tile `first`. */
PART size_t panel_of(const af_winograd_line *l, int first, int c)
{
    return (size_t)(c / (2 * LANES)) * l->panel + (size_t)(c % (2 * LANES)) +
           (size_t)first * (size_t)panel_step(l, c);
}

KERNEL void expand(float *d, int first, const af_winograd_line *l, const float *const row[2])
{
    for (int c = 0; c < l->c; c += LANES) {
        int step = panel_step(l, c), left = l->c - c;
        float *to = d + panel_of(l, first, c);
        if (left >= LANES)
            expand_channels(to, l, row, c, LANES, step);
        else
            expand_channels(to, l, row, c, left, step);
    }
}

PART void put_pair(float *y, ptrdiff_t next, const VECTOR s[4], VECTOR bias, bool add, bool two,
                   int width)
{
    VECTOR left = s[0] + (s[1] + s[2]) + bias, right = (s[1] - s[2]) + s[3] + bias;
    if (add) left += take(y, width);
    put(y, left, width);
    if (!two) return;
    if (add) right += take(y + next, width);
    put(y + next, right, width);
}

/* 2x2 outputs from the 16 products. */
PART void contract_channels(float *const row[2], int stride, const af_winograd_line *l,
                            const float *m, VECTOR bias, bool add, int c, int width)
{
    const size_t apart = l->apart;
    const ptrdiff_t next = stride;
    const int w = l->w, end = l->column + 2 * l->tiles, step = l->step;
    const bool second = row[1] != NULL;
    float *y0 = row[0] + l->column * next + c;
    float *y1 = second ? row[1] + l->column * next + c : y0;
    for (int j = l->column; j < end; j += 2, m += step, y0 += 2 * next, y1 += 2 * next) {
        VECTOR top[4], bottom[4];
        const float *p = m;
        UNROLL for (int i = 0; i < 4; i++, p += apart)
        {
            VECTOR m1 = LOAD(p + 4 * apart), m2 = LOAD(p + 8 * apart);
            top[i] = LOAD(p) + (m1 + m2);
            bottom[i] = (m1 - m2) + LOAD(p + 12 * apart);
        }
        put_pair(y0, next, top, bias, add, j + 1 < w, width);
        if (second) put_pair(y1, next, bottom, bias, add, j + 1 < w, width);
    }
}

KERNEL void contract(float *const row[2], int stride, const af_winograd_line *l, const float *m,
                     const float *bias, bool add)
{
    for (int c = 0; c < l->c; c += LANES) {
        int width = l->c - c < LANES ? l->c - c : LANES;
        VECTOR b = bias ? take(bias + c, width) : ALL(0);
        if (width < LANES)
            contract_channels(row, stride, l, m + c, b, add, c, width);
        else if (add)
            contract_channels(row, stride, l, m + c, b, true, c, LANES);
        else
            contract_channels(row, stride, l, m + c, b, false, c, LANES);
    }
}

/* ---- products ---- */

/* out[r][] = sum over i of a[r * row + i * step] b[i][]; rows, vectors: constants. */
PART void block(float *out, const float *a, int row, int step, const float *b, int count, int rows,
                int vectors, bool add)
{
    VECTOR sum[3 * GRANULE][2];
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < vectors; j++) sum[r][j] =
        ALL(0);
    for (int i = 0; i < count; i++, a += step, b += vectors * LANES) {
        VECTOR x[2];
        UNROLL for (int j = 0; j < vectors; j++) x[j] = LOAD(b + j * LANES);
        UNROLL for (int r = 0; r < rows; r++)
        {
            VECTOR f = ALL(a[(ptrdiff_t)r * row]);
            UNROLL for (int j = 0; j < vectors; j++) sum[r][j] = FMA(f, x[j], sum[r][j]);
        }
    }
    UNROLL for (int r = 0; r < rows; r++) UNROLL for (int j = 0; j < vectors; j++)
    {
        float *to = out + (r * vectors + j) * LANES;
        if (add) sum[r][j] += LOAD(to);
        STORE(to, sum[r][j]);
    }
}

/* All rows of one product, in blocks of 3 and 2 granules. */
PART void blocks(float *out, int count, const float *a, int row, int step, const float *b,
                 int depth, int vectors, bool add)
{
    for (int left = count / GRANULE; left > 0;) {
        int granules = left >= 3 && left != 4 ? 3 : 2;
        if (granules == 3)
            block(out, a, row, step, b, depth, 3 * GRANULE, vectors, add);
        else
            block(out, a, row, step, b, depth, 2 * GRANULE, vectors, add);
        left -= granules;
        a += (ptrdiff_t)granules * GRANULE * row;
        out += granules * GRANULE * vectors * LANES;
    }
}

KERNEL void multiply(float *m, const float *v, const float *u, const af_winograd_product *p)
{
    for (int e = 0; e < p->values; e++, v += p->v_apart, u += p->u_apart, m += p->out_apart) {
        if (p->vectors == 2)
            blocks(m, p->tiles, v, p->v_step, 1, u, p->depth, 2, false);
        else
            blocks(m, p->tiles, v, p->v_step, 1, u, p->depth, 1, false);
    }
}

KERNEL void correlate(float *du, const float *v, const float *d, const af_winograd_product *p,
                      bool add)
{
    for (int e = 0; e < p->values; e++, v += p->v_apart, du += p->u_apart, d += p->out_apart) {
        if (p->vectors == 2)
            blocks(du, p->depth, v, 1, p->v_step, d, p->tiles, 2, add);
        else
            blocks(du, p->depth, v, 1, p->v_step, d, p->tiles, 1, add);
    }
}
