/* Dense convolutions by NVIDIA's cuDNN, through its C interface of descriptors; without cuDNN (the
 * build says so) there is nothing here. Algorithms come from its heuristics, not from timing: of
 * those that give the same bits again, the first that is content with WORKSPACE. So a choice
 * depends on the problem, the card and the library alone. */
#include "core/backends/cuda/dense.h"
#include "core/backends/cuda/stream.h"
#ifdef AF_CUDNN
#include <cudnn.h>
#include <stdio.h>
#include "core/base/alloc.h"

enum { FORWARD, DATA, FILTER, PASSES, MOST = 16 };
static const size_t WORKSPACE = 64 << 20; /* bytes */
static const char *const pass_names[PASSES] = {"forward", "data", "filter"};

typedef struct candidate {
    int algorithm;
    bool usable, deterministic;
    cudnnMathType_t math;
} candidate;

typedef struct pass {
    cudnnConvolutionDescriptor_t how;
    int algorithm;
    size_t workspace;
} pass;

typedef struct cudnn_dense {
    af_dense dense;
    af_dense_problem problem;
    af_device *device;
    cudnnHandle_t library;
    cudnnTensorDescriptor_t x, y;
    cudnnFilterDescriptor_t w;
    pass pass[PASSES];
    char name[48];
} cudnn_dense;

/* ---- failures ---- */

static bool lacks_memory(cudnnStatus_t st)
{
#if CUDNN_VERSION >= 90000
    if (st == CUDNN_STATUS_INTERNAL_ERROR_DEVICE_ALLOCATION_FAILED) return true;
#endif
    return st == CUDNN_STATUS_ALLOC_FAILED;
}

/* This one cannot be had, but another may. */
static bool not_offered(cudnnStatus_t st)
{
#if CUDNN_VERSION >= 90000
    if (CUDNN_STATUS_CATEGORY(st) == CUDNN_STATUS_CATEGORY(CUDNN_STATUS_NOT_SUPPORTED)) return true;
    return CUDNN_STATUS_CATEGORY(st) == CUDNN_STATUS_CATEGORY(CUDNN_STATUS_BAD_PARAM);
#else
    return st == CUDNN_STATUS_NOT_SUPPORTED || st == CUDNN_STATUS_BAD_PARAM;
#endif
}

static af_status failed(cudnnStatus_t st)
{
    if (lacks_memory(st))
        return af_fail(AF_ENOMEM, "cuDNN: no memory for a convolution; use fewer --jobs");
    return af_fail(AF_EIO,
                   "cuDNN: choosing a convolution's algorithm: %s; check that it suits the "
                   "driver and the card, or build with CUDNN_HOME=none",
                   cudnnGetErrorString(st));
}

/* ---- running ---- */

static void check(const cudnn_dense *k, int which, cudnnStatus_t st)
{
    char what[64];
    if (st == CUDNN_STATUS_SUCCESS) return;
    snprintf(what, sizeof what, "%s %s, %s", k->name, pass_names[which], cudnnGetErrorString(st));
    af_cuda_check(k->device, lacks_memory(st) ? cudaErrorMemoryAllocation : cudaErrorUnknown, what);
}

static void forward(const af_dense *d, const void *x, const void *w, void *y, void *scratch)
{
    const cudnn_dense *k = (const cudnn_dense *)d;
    const pass *p = &k->pass[FORWARD];
    const float one = 1, zero = 0;
    check(k, FORWARD,
          cudnnConvolutionForward(k->library, &one, k->x, x, k->w, w, p->how,
                                  (cudnnConvolutionFwdAlgo_t)p->algorithm, scratch, p->workspace,
                                  &zero, k->y, y));
}

static void data(const af_dense *d, const void *dy, const void *w, void *dx, bool add,
                 void *scratch)
{
    const cudnn_dense *k = (const cudnn_dense *)d;
    const pass *p = &k->pass[DATA];
    const float one = 1, before = add ? 1 : 0;
    check(k, DATA,
          cudnnConvolutionBackwardData(k->library, &one, k->w, w, k->y, dy, p->how,
                                       (cudnnConvolutionBwdDataAlgo_t)p->algorithm, scratch,
                                       p->workspace, &before, k->x, dx));
}

static void filter(const af_dense *d, const void *x, const void *dy, void *dw, void *scratch)
{
    const cudnn_dense *k = (const cudnn_dense *)d;
    const pass *p = &k->pass[FILTER];
    const float one = 1, zero = 0;
    check(k, FILTER,
          cudnnConvolutionBackwardFilter(k->library, &one, k->x, x, k->y, dy, p->how,
                                         (cudnnConvolutionBwdFilterAlgo_t)p->algorithm, scratch,
                                         p->workspace, &zero, k->w, dw));
}

/* ---- algorithms ---- */

/* *count of them, the best first. The passes have types and functions of their own, all alike. */
#define LIST(name, type, get, first, second, third)                                                \
    static cudnnStatus_t name(const cudnn_dense *k, cudnnConvolutionDescriptor_t how,              \
                              candidate out[MOST], int *count)                                     \
    {                                                                                              \
        type found[MOST];                                                                          \
        *count = 0;                                                                                \
        cudnnStatus_t st = get(k->library, first, second, how, third, MOST, count, found);         \
        for (int i = 0; i < *count; i++)                                                           \
            out[i] = (candidate){(int)found[i].algo, found[i].status == CUDNN_STATUS_SUCCESS,      \
                                 found[i].determinism == CUDNN_DETERMINISTIC, found[i].mathType};  \
        return st;                                                                                 \
    }
LIST(list_forward, cudnnConvolutionFwdAlgoPerf_t, cudnnGetConvolutionForwardAlgorithm_v7, k->x,
     k->w, k->y)
LIST(list_data, cudnnConvolutionBwdDataAlgoPerf_t, cudnnGetConvolutionBackwardDataAlgorithm_v7,
     k->w, k->y, k->x)
LIST(list_filter, cudnnConvolutionBwdFilterAlgoPerf_t,
     cudnnGetConvolutionBackwardFilterAlgorithm_v7, k->x, k->y, k->w)

/* Also says whether the algorithm can be had at all. */
static cudnnStatus_t workspace_of(const cudnn_dense *k, int which, int algorithm, size_t *out)
{
    cudnnConvolutionDescriptor_t how = k->pass[which].how;
    switch (which) {
    case FORWARD:
        return cudnnGetConvolutionForwardWorkspaceSize(k->library, k->x, k->w, how, k->y,
                                                       (cudnnConvolutionFwdAlgo_t)algorithm, out);
    case DATA:
        return cudnnGetConvolutionBackwardDataWorkspaceSize(
            k->library, k->w, k->y, how, k->x, (cudnnConvolutionBwdDataAlgo_t)algorithm, out);
    default:
        return cudnnGetConvolutionBackwardFilterWorkspaceSize(
            k->library, k->x, k->y, how, k->w, (cudnnConvolutionBwdFilterAlgo_t)algorithm, out);
    }
}

/* Full precision is full: no tensor cores, which round to 10 bits. In no case down to 16 bits. */
static bool precise_enough(const cudnn_dense *k, cudnnMathType_t math)
{
    if (math == CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION) return false;
    return k->problem.half || k->problem.tf32 || math != CUDNN_TENSOR_OP_MATH;
}

/* *chosen stays false when no algorithm will do. A failure is no reason to take another one: the
 * choice, and with it the bits, would depend on what else runs. */
static af_status choose(cudnn_dense *k, int which, bool *chosen)
{
    static cudnnStatus_t (*const list[PASSES])(const cudnn_dense *, cudnnConvolutionDescriptor_t,
                                               candidate[MOST],
                                               int *) = {list_forward, list_data, list_filter};
    bool full = !k->problem.half && !k->problem.tf32;
    candidate found[MOST];
    int n;
    cudnnStatus_t st = list[which](k, k->pass[which].how, found, &n);
    if (st != CUDNN_STATUS_SUCCESS) return not_offered(st) ? AF_OK : failed(st);
    for (int i = 0; i < n; i++) {
        const candidate *c = &found[i];
        pass *p = &k->pass[which];
        if (!c->usable || !(c->deterministic || k->problem.fast) || !precise_enough(k, c->math))
            continue;
        st = cudnnSetConvolutionMathType(p->how, full ? CUDNN_FMA_MATH : c->math);
        if (st == CUDNN_STATUS_SUCCESS) st = workspace_of(k, which, c->algorithm, &p->workspace);
        if (st != CUDNN_STATUS_SUCCESS && !not_offered(st)) return failed(st);
        if (st != CUDNN_STATUS_SUCCESS || p->workspace > WORKSPACE) continue;
        p->algorithm = c->algorithm;
        if (p->workspace > k->dense.scratch_bytes) k->dense.scratch_bytes = p->workspace;
        *chosen = true;
        return AF_OK;
    }
    return AF_OK;
}

/* ---- making ---- */

static void release(af_dense *d)
{
    cudnn_dense *k = (cudnn_dense *)d;
    for (int i = 0; i < PASSES; i++)
        if (k->pass[i].how) cudnnDestroyConvolutionDescriptor(k->pass[i].how);
    if (k->w) cudnnDestroyFilterDescriptor(k->w);
    if (k->y) cudnnDestroyTensorDescriptor(k->y);
    if (k->x) cudnnDestroyTensorDescriptor(k->x);
    af_free(k);
}

static cudnnStatus_t describe_pass(cudnnConvolutionDescriptor_t *how, const af_dense_problem *p)
{
    bool full = !p->half && !p->tf32;
    cudnnStatus_t st = cudnnCreateConvolutionDescriptor(how);
    if (st == CUDNN_STATUS_SUCCESS)
        st = cudnnSetConvolution2dDescriptor(*how, p->pad[0], p->pad[2], p->stride[0], p->stride[1],
                                             p->dilation[0], p->dilation[1],
                                             CUDNN_CROSS_CORRELATION, CUDNN_DATA_FLOAT);
    if (st == CUDNN_STATUS_SUCCESS) st = cudnnSetConvolutionGroupCount(*how, p->groups);
    if (st == CUDNN_STATUS_SUCCESS)
        st = cudnnSetConvolutionMathType(*how, full ? CUDNN_FMA_MATH : CUDNN_TENSOR_OP_MATH);
    return st;
}

static cudnnStatus_t describe(cudnn_dense *k)
{
    const af_dense_problem *p = &k->problem;
    cudnnDataType_t type = p->half ? CUDNN_DATA_BFLOAT16 : CUDNN_DATA_FLOAT;
    cudnnStatus_t st = cudnnCreateTensorDescriptor(&k->x);
    if (st == CUDNN_STATUS_SUCCESS) st = cudnnCreateTensorDescriptor(&k->y);
    if (st == CUDNN_STATUS_SUCCESS) st = cudnnCreateFilterDescriptor(&k->w);
    if (st == CUDNN_STATUS_SUCCESS)
        st = cudnnSetTensor4dDescriptor(k->x, CUDNN_TENSOR_NHWC, type, p->n, p->in.c, p->in.h,
                                        p->in.w);
    if (st == CUDNN_STATUS_SUCCESS)
        st = cudnnSetTensor4dDescriptor(k->y, CUDNN_TENSOR_NHWC, type, p->n, p->out.c, p->out.h,
                                        p->out.w);
    if (st == CUDNN_STATUS_SUCCESS)
        st = cudnnSetFilter4dDescriptor(k->w, type, CUDNN_TENSOR_NHWC, p->out.c,
                                        p->in.c / p->groups, p->kernel[0], p->kernel[1]);
    for (int i = 0; i < PASSES && st == CUDNN_STATUS_SUCCESS; i++)
        st = describe_pass(&k->pass[i].how, p);
    return st;
}

/* All passes that there will be, or none. The name shows their algorithms, "-" for no such pass. */
static af_status choose_all(cudnn_dense *k, bool *all)
{
    const bool wanted[PASSES] = {true, k->problem.train && k->problem.wants_dx, k->problem.train};
    char text[PASSES][12] = {"-", "-", "-"};
    for (int i = 0; i < PASSES; i++) {
        if (!wanted[i]) continue;
        *all = false;
        AF_TRY(choose(k, i, all));
        if (!*all) return AF_OK;
        snprintf(text[i], sizeof text[i], "%d", k->pass[i].algorithm);
    }
    snprintf(k->name, sizeof k->name, "cudnn %s/%s/%s", text[FORWARD], text[DATA], text[FILTER]);
    return AF_OK;
}

af_status af_cuda_cudnn(af_dense **out, af_device *d, const af_dense_problem *p)
{
    *out = NULL;
    if (p->pad[0] != p->pad[1] || p->pad[2] != p->pad[3]) return AF_OK;
    cudnn_dense *k = af_calloc(1, sizeof *k);
    if (!k) return AF_ENOMEM;
    k->dense = (af_dense){
        .name = k->name, .forward = forward, .data = data, .filter = filter, .release = release};
    k->problem = *p;
    k->device = d;
    k->library = *af_cuda_library(d);
    cudnnStatus_t described = describe(k);
    bool all = false;
    af_status st = AF_OK;
    if (described == CUDNN_STATUS_SUCCESS)
        st = choose_all(k, &all);
    else if (!not_offered(described))
        st = failed(described);
    if (st == AF_OK && all)
        *out = &k->dense;
    else
        release(&k->dense);
    return st;
}

/* ---- the library ---- */

const char *af_cuda_dense_name(void)
{
    static _Thread_local char name[32];
    size_t v = cudnnGetVersion(), major = v >= 90000 ? v / 10000 : v / 1000;
    snprintf(name, sizeof name, "cuDNN %zu.%zu.%zu", major, v % (v >= 90000 ? 10000 : 1000) / 100,
             v % 100);
    return name;
}

af_status af_cuda_library_open(af_device *d)
{
    cudnnHandle_t library = NULL;
    cudnnStatus_t st = cudnnCreate(&library);
    *af_cuda_library(d) = library;
    if (st == CUDNN_STATUS_SUCCESS) st = cudnnSetStream(library, af_cuda_stream(d));
    if (st == CUDNN_STATUS_SUCCESS) return AF_OK;
    return af_fail(lacks_memory(st) ? AF_ENOMEM : AF_EUNSUPPORTED,
                   "%s does not start: %s; check that it suits the driver and the card, or build "
                   "with CUDNN_HOME=none",
                   af_cuda_dense_name(), cudnnGetErrorString(st));
}

void af_cuda_library_close(af_device *d)
{
    void **library = af_cuda_library(d);
    if (*library) cudnnDestroy((cudnnHandle_t)*library);
    *library = NULL;
}
#else

af_status af_cuda_cudnn(af_dense **out, af_device *d, const af_dense_problem *p)
{
    (void)d;
    (void)p;
    *out = NULL;
    return AF_OK;
}

const char *af_cuda_dense_name(void)
{
    return "own kernels";
}

af_status af_cuda_library_open(af_device *d)
{
    *af_cuda_library(d) = NULL;
    return AF_OK;
}

void af_cuda_library_close(af_device *d)
{
    (void)d;
}
#endif
