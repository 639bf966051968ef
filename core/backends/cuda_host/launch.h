/* Running kernels on the host; included by gpu.h when the host's compiler compiles. */
#ifndef AF_CUDA_HOST_LAUNCH_H
#define AF_CUDA_HOST_LAUNCH_H
extern "C" {
#include "core/backends/cuda_host/host.h"
}

AF_KERNEL void seen_read(const void *p, size_t bytes)
{
    if (__builtin_expect(af_host_watched != NULL, 0)) af_host_read(p, bytes);
}
AF_KERNEL void seen_write(const void *p, size_t bytes)
{
    if (__builtin_expect(af_host_watched != NULL, 0)) af_host_wrote(p, bytes);
}

namespace launch
{

enum { PARTS = 3 }; /* of a sum, that are merged: what threads do on a card */

template <class F> struct each_work {
    int64_t n;
    F f;
    static void run(const void *self)
    {
        const each_work &w = *(const each_work *)self;
        for (int64_t i = 0; i < w.n; i++) w.f(i);
    }
};

template <class F> struct reduce_work {
    int columns;
    int64_t rows;
    F f;
    static void run(const void *self)
    {
        const reduce_work &w = *(const reduce_work *)self;
        for (int column = 0; column < w.columns; column++) {
            typename F::sum part[PARTS];
            for (int k = 0; k < PARTS; k++) part[k].clear();
            for (int64_t row = 0; row < w.rows; row++) w.f.add(part[row % PARTS], column, row);
            for (int k = 1; k < PARTS; k++) part[0].merge(part[k]);
            w.f.done(column, part[0]);
        }
    }
};

} // namespace launch

/* As in core/backends/cuda/launch.h. */
template <class F> static void each(af_device *d, const char *name, int64_t n, const F &f)
{
    launch::each_work<F> w = {n, f};
    if (n > 0) af_host_queue(d, name, w.run, &w, sizeof w);
}

template <class F>
static void reduce(af_device *d, const char *name, int columns, int64_t rows, bool, const F &f)
{
    launch::reduce_work<F> w = {columns, rows, f};
    if (columns > 0) af_host_queue(d, name, w.run, &w, sizeof w);
}

#endif
