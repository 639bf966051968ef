/* A batch's input, composed of samples as they are stored; see core/train/sample.h. Every element
 * is computed by itself as the host does it (core/train/batch.c). What a mask is filled with, the
 * least value of a row, is found before. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/index.h"
#include "core/backends/cuda/kernels.h"

namespace
{

struct place_in_row {
    int plane, y, x;
};

template <class T> struct rows {
    const char *memory;
    int64_t stride;
    af_shape shape;
    divider w, h;
    const float *mean, *std;

    AF_KERNEL const af_drawn *drawn(int64_t row) const
    {
        const af_drawn *d = (const af_drawn *)(memory + row * stride);
        seen_read(d, sizeof *d);
        return d;
    }

    AF_KERNEL place_in_row place(int64_t i) const
    {
        split line = split_by(i, w), plane = split_by(line.whole, h);
        return place_in_row{(int)plane.whole, (int)plane.rest, (int)line.rest};
    }

    /* As it is stored, at element i of the row; padding is 0, whatever the level. */
    AF_KERNEL float stored(const af_drawn *d, const place_in_row &at) const
    {
        const int y = af_moved_from(at.y, shape.h, false, d->move.dy);
        const int x = af_moved_from(at.x, shape.w, d->move.flip, d->move.dx);
        if (y < 0 || x < 0) return 0;
        const float v = (float)get((const T *)(d + 1), (at.plane * shape.h + y) * shape.w + x);
        return d->shifts ? af_shifted(v, d->shift) : v;
    }

    /* But for masks and mixes. */
    AF_KERNEL float value(const af_drawn *d, const place_in_row &at, int64_t i) const
    {
        const af_augment_draw *m = &d->move;
        if (at.y >= m->top && at.y < m->bottom && at.x >= m->left && at.x < m->right) return 0;
        const float v = stored(d, at);
        return mean ? af_scaled(v, get(mean, i), get(std, i)) : v;
    }
};

/* The first of the least, as the host finds it: 0 and -0 are equal. */
struct alignas(8) least {
    float value;
    uint32_t at;
    AF_KERNEL void clear()
    {
        value = INFINITY;
        at = UINT32_MAX;
    }
    AF_KERNEL void merge(const least &other)
    {
        if (other.value < value || (other.value == value && other.at < at)) *this = other;
    }
};

template <class T> struct compose_least {
    typedef least sum;
    rows<T> from;
    const af_step_inputs *inputs;
    float *found;
    AF_KERNEL void add(least &s, int row, int64_t i) const
    {
        if (row >= get(&inputs->rows, 0)) return;
        const af_drawn *d = from.drawn(row);
        if (d->masks.count) s.merge(least{from.value(d, from.place(i), i), (uint32_t)i});
    }
    AF_KERNEL void done(int row, const least &s) const
    {
        put(found, row, s.value);
    }
};

AF_KERNEL bool masked(const af_mask_draw *m, const place_in_row &at)
{
    for (int k = 0; k < m->count; k++) {
        const int row = at.y - m->band[k].row, column = at.x - m->band[k].column;
        if (row >= 0 && row < m->band[k].rows) return true;
        if (column >= 0 && column < m->band[k].columns) return true;
    }
    return false;
}

template <class T> struct compose_input {
    rows<T> from;
    const af_step_inputs *inputs;
    const float *least;
    divider size;
    float *x;

    AF_KERNEL float brought(const af_drawn *d, int64_t row, const place_in_row &at, int64_t i) const
    {
        return masked(&d->masks, at) ? get(least, row) : from.value(d, at, i);
    }
    AF_KERNEL void operator()(int64_t i) const
    {
        const split s = split_by(i, size);
        if (s.whole >= get(&inputs->samples, 0)) {
            put(x, i, 0.0f);
            return;
        }
        const place_in_row at = from.place(s.rest);
        const af_drawn *d = from.drawn(s.whole);
        float v = brought(d, s.whole, at, s.rest);
        if (d->noise >= 0)
            v = af_mixed(v, brought(from.drawn(d->noise), d->noise, at, s.rest), d->part);
        put(x, i, v);
    }
};

template <class T> void compose(af_device *d, const af_device_compose *c)
{
    const af_shape s = c->shape;
    const int64_t size = af_shape_size(s);
    const rows<T> from = {c->rows, (int64_t)c->stride, s, divide_by(s.w), divide_by(s.h), c->mean,
                          c->std};
    if (c->masks)
        reduce(d, "compose_least", c->room, size, true,
               compose_least<T>{from, c->inputs, c->least});
    each(d, "compose_input", c->n * size,
         compose_input<T>{from, c->inputs, c->least, divide_by(size), c->x});
}

} // namespace

extern "C" void AF_GPU(compose)(af_device *d, const af_device_compose *c)
{
    if (c->type == AF_STORED_UINT8)
        compose<uint8_t>(d, c);
    else if (c->type == AF_STORED_INT16)
        compose<int16_t>(d, c);
    else
        compose<float>(d, c);
}
