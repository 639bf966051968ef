/* Queueing kernels on a card's stream; included by gpu.h when nvcc compiles. */
#ifndef AF_CUDA_LAUNCH_H
#define AF_CUDA_LAUNCH_H
#include <cuda_runtime.h>
#include "core/backends/cuda/stream.h"

AF_KERNEL void seen_read(const void *, size_t)
{
}
AF_KERNEL void seen_write(const void *, size_t)
{
}

namespace launch
{

enum { THREADS = 256, MOST_BLOCKS = 1 << 16, MOST_SPLITS = 512, ROWS_A_THREAD = 16 };

template <class F> __global__ void each_kernel(int64_t n, F f)
{
    int64_t step = (int64_t)gridDim.x * blockDim.x;
    for (int64_t i = (int64_t)blockIdx.x * blockDim.x + threadIdx.x; i < n; i += step) f(i);
}

/* Adds up the rows of a block's threads, for each column; the sums end in the first row's part. */
template <class S> static __device__ void merge_rows(S *part, const S &own, int width)
{
    int height = THREADS / width, row = threadIdx.x / width;
    part[threadIdx.x] = own;
    __syncthreads();
    for (int half = height / 2; half > 0; half /= 2) {
        if (row < half) part[threadIdx.x].merge(part[threadIdx.x + half * width]);
        __syncthreads();
    }
}

/* What another block has written during this launch: past the first cache, which may hold the line
 * as it was before. */
template <class S> static __device__ S fresh(const S *p)
{
    static_assert(sizeof(S) % sizeof(double) == 0, "a sum is as long as some doubles");
    S value;
    for (size_t i = 0; i < sizeof(S) / sizeof(double); i++)
        ((double *)&value)[i] = __ldcg((const double *)p + i);
    return value;
}

/* A block adds up `width` columns over its share of the rows, THREADS / width rows at a time. The
 * last block of a column to come here adds up what all of them have found, in their order. */
template <class F>
__global__ void reduce_kernel(F f, int columns, int64_t rows, int width, typename F::sum *found,
                              unsigned *arrived)
{
    typedef typename F::sum S;
    __shared__ __align__(16) unsigned char memory[THREADS * sizeof(S)];
    __shared__ bool last;
    S *part = (S *)memory, own;
    int height = THREADS / width, row = threadIdx.x / width, lane = threadIdx.x % width;
    int column = blockIdx.x * width + lane, splits = gridDim.y;
    own.clear();
    if (column < columns)
        for (int64_t i = (int64_t)blockIdx.y * height + row; i < rows;
             i += (int64_t)height * splits)
            f.add(own, column, i);
    merge_rows(part, own, width);
    if (splits > 1) {
        if (row == 0 && column < columns)
            found[(int64_t)blockIdx.y * columns + column] = part[lane];
        __threadfence();
        __syncthreads();
        if (threadIdx.x == 0) last = atomicAdd(&arrived[blockIdx.x], 1u) == (unsigned)splits - 1;
        __syncthreads();
        if (!last) return;
        __threadfence();
        own.clear();
        if (column < columns)
            for (int k = row; k < splits; k += height)
                own.merge(fresh(&found[(int64_t)k * columns + column]));
        merge_rows(part, own, width);
        if (threadIdx.x == 0) arrived[blockIdx.x] = 0;
    }
    if (row == 0 && column < columns) f.done(column, part[lane]);
}

static inline int columns_side_by_side(int columns, bool rows_lie_together)
{
    int width = 1;
    while (!rows_lie_together && width < columns && width < 32) width *= 2;
    return width;
}

} // namespace launch

/* f(i) for i in [0, n). */
template <class F> static void each(af_device *d, const char *name, int64_t n, const F &f)
{
    int64_t blocks = (n + launch::THREADS - 1) / launch::THREADS;
    if (n <= 0) return;
    if (blocks > launch::MOST_BLOCKS) blocks = launch::MOST_BLOCKS;
    launch::each_kernel<<<(unsigned)blocks, launch::THREADS, 0, af_cuda_stream(d)>>>(n, f);
    af_cuda_check(d, cudaGetLastError(), name);
}

/* For each column: f.add(sum, column, row) for all rows, then f.done(column, sum). F::sum has clear
 * and merge. `rows_lie_together`: neighbouring rows of a column are neighbours in memory; else
 * neighbouring columns are. */
template <class F>
static void reduce(af_device *d, const char *name, int columns, int64_t rows,
                   bool rows_lie_together, const F &f)
{
    typedef typename F::sum S;
    int width = launch::columns_side_by_side(columns, rows_lie_together);
    int64_t height = launch::THREADS / width, groups = (columns + width - 1) / width;
    int64_t splits = (rows + height * launch::ROWS_A_THREAD - 1) / (height * launch::ROWS_A_THREAD);
    int64_t room = AF_REDUCE_BYTES / ((int64_t)columns * (int64_t)sizeof(S));
    if (splits > launch::MOST_SPLITS) splits = launch::MOST_SPLITS;
    if (splits > room || groups > AF_REDUCE_GROUPS)
        splits = room && groups <= AF_REDUCE_GROUPS ? room : 1;
    if (splits < 1) splits = 1;
    if (columns <= 0) return;
    launch::reduce_kernel<<<dim3((unsigned)groups, (unsigned)splits), launch::THREADS, 0,
                            af_cuda_stream(d)>>>(f, columns, rows, width, (S *)af_cuda_found(d),
                                                 af_cuda_arrived(d));
    af_cuda_check(d, cudaGetLastError(), name);
}

#endif
