/* The device of the CUDA backend: a stream with its memory. Every trial of a gang has one of its
 * own, on a thread of its own; memory comes from the driver's pool, whose use on one stream does
 * not stop the others. What goes over to the card is first copied to pinned memory, so that the
 * caller may go on at once. */
#include "core/backends/cuda/stream.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "core/backends/cuda/kernels.h"
#include "core/base/alloc.h"

enum { PIECES = 4 };
static const size_t PIECE = 4 << 20; /* bytes of pinned memory that one copy goes through */

typedef struct piece {
    char *memory;
    cudaEvent_t sent;
} piece;

struct af_device {
    cudaStream_t stream;
    cudaError_t error; /* the first */
    char doing[64];
    piece pieces[PIECES];
    unsigned next;
    void *found;
    unsigned *arrived;
    af_pack_list packs;
    void *library;
};

struct af_recording {
    cudaGraphExec_t graph;
};

/* One thread's recording fails when another makes the whole card wait, as opening and closing a
 * library's handle may do. So these do not happen at the same time. */
static pthread_mutex_t whole_card = PTHREAD_MUTEX_INITIALIZER;

cudaStream_t af_cuda_stream(const af_device *d)
{
    return d->stream;
}

void *af_cuda_found(const af_device *d)
{
    return d->found;
}

unsigned *af_cuda_arrived(const af_device *d)
{
    return d->arrived;
}

af_pack_list *af_cuda_packs(af_device *d)
{
    return &d->packs;
}

void **af_cuda_library(af_device *d)
{
    return &d->library;
}

void af_cuda_check(af_device *d, cudaError_t e, const char *what)
{
    if (e == cudaSuccess) return;
    (void)cudaGetLastError(); /* or this thread's next device would find it */
    if (d->error != cudaSuccess) return;
    d->error = e;
    snprintf(d->doing, sizeof d->doing, "%s", what);
}

static af_status failure(const af_device *d)
{
    if (d->error == cudaSuccess) return AF_OK;
    return af_fail(d->error == cudaErrorMemoryAllocation ? AF_ENOMEM : AF_EIO,
                   "CUDA: %s: %s; `nvidia-smi` shows the card's state and its memory", d->doing,
                   cudaGetErrorString(d->error));
}

/* ---- opening ---- */

static void take_down(af_device *d)
{
    if (d->stream) cudaStreamSynchronize(d->stream);
    af_cuda_library_close(d);
    for (int i = 0; i < PIECES; i++) {
        if (d->pieces[i].memory) cudaFreeHost(d->pieces[i].memory);
        if (d->pieces[i].sent) cudaEventDestroy(d->pieces[i].sent);
    }
    if (d->found) cudaFreeAsync(d->found, d->stream);
    if (d->arrived) cudaFreeAsync(d->arrived, d->stream);
    if (d->stream) cudaStreamDestroy(d->stream);
    af_free(d);
}

static void close_device(af_device *d)
{
    if (!d) return;
    pthread_mutex_lock(&whole_card);
    take_down(d);
    pthread_mutex_unlock(&whole_card);
}

/* Memory once used stays with the process: the next trial of a search wants as much. */
static void keep_memory(af_device *d)
{
    cudaMemPool_t pool;
    unsigned long long all = ~0ull;
    af_cuda_check(d, cudaDeviceGetDefaultMemPool(&pool, 0), "finding the memory pool");
    if (d->error != cudaSuccess) return;
    af_cuda_check(d, cudaMemPoolSetAttribute(pool, cudaMemPoolAttrReleaseThreshold, &all),
                  "setting up the memory pool");
}

static void *alloc(af_device *d, size_t bytes)
{
    void *p = NULL;
    cudaError_t e = cudaMallocAsync(&p, bytes ? bytes : 1, d->stream);
    if (e == cudaSuccess) e = cudaMemsetAsync(p, 0, bytes, d->stream);
    if (e == cudaSuccess) return p;
    if (p) cudaFreeAsync(p, d->stream);
    (void)cudaGetLastError();
    if (e != cudaErrorMemoryAllocation) { /* short memory is no failure of the device */
        af_cuda_check(d, e, "allocating memory");
        (void)failure(d);
        return NULL;
    }
    af_fail(AF_ENOMEM, "CUDA: no %.0f MiB of the card's memory: %s; use fewer --jobs",
            (double)bytes / (1 << 20), cudaGetErrorString(e));
    return NULL;
}

static af_status set_up(af_device *d)
{
    (void)cudaGetLastError();
    af_cuda_check(d, cudaSetDevice(0), "choosing the device");
    af_cuda_check(d, cudaStreamCreateWithFlags(&d->stream, cudaStreamNonBlocking),
                  "making a stream");
    keep_memory(d);
    for (int i = 0; i < PIECES && d->error == cudaSuccess; i++) {
        piece *p = &d->pieces[i];
        af_cuda_check(d, cudaMallocHost((void **)&p->memory, PIECE), "pinning memory");
        af_cuda_check(
            d, cudaEventCreateWithFlags(&p->sent, cudaEventDisableTiming | cudaEventBlockingSync),
            "making an event");
    }
    if (d->error == cudaSuccess) d->found = alloc(d, AF_REDUCE_BYTES);
    if (d->found) d->arrived = alloc(d, AF_REDUCE_GROUPS * sizeof *d->arrived);
    af_status st = failure(d);
    if (st == AF_OK && !d->arrived) st = AF_ENOMEM;
    return st == AF_OK ? af_cuda_library_open(d) : st;
}

static af_status open_device(af_device **out)
{
    af_device *d = af_calloc(1, sizeof *d);
    *out = NULL;
    if (!d) return AF_ENOMEM;
    pthread_mutex_lock(&whole_card);
    af_status st = set_up(d);
    if (st == AF_OK)
        *out = d;
    else
        take_down(d);
    pthread_mutex_unlock(&whole_card);
    return st;
}

static void release(af_device *d, void *p)
{
    if (p) af_cuda_check(d, cudaFreeAsync(p, d->stream), "freeing memory");
}

/* ---- moving ---- */

static void send(af_device *d, void *to, const void *from, size_t bytes)
{
    for (size_t at = 0; at < bytes && d->error == cudaSuccess; at += PIECE) {
        piece *p = &d->pieces[d->next++ % PIECES];
        size_t size = bytes - at < PIECE ? bytes - at : PIECE;
        af_cuda_check(d, cudaEventSynchronize(p->sent), "sending");
        memcpy(p->memory, (const char *)from + at, size);
        af_cuda_check(
            d, cudaMemcpyAsync((char *)to + at, p->memory, size, cudaMemcpyHostToDevice, d->stream),
            "sending");
        af_cuda_check(d, cudaEventRecord(p->sent, d->stream), "sending");
    }
}

static void clear(af_device *d, void *to, size_t bytes)
{
    af_cuda_check(d, cudaMemsetAsync(to, 0, bytes, d->stream), "clearing memory");
}

static af_status wait(af_device *d)
{
    af_cuda_check(d, cudaStreamSynchronize(d->stream), "running what was queued");
    return failure(d);
}

static af_status fetch(af_device *d, void *to, const void *from, size_t bytes)
{
    af_cuda_check(d, cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, d->stream),
                  "fetching");
    return wait(d);
}

/* ---- recording ---- */

/* Other threads may allocate meanwhile. */
static af_status record(af_device *d)
{
    pthread_mutex_lock(&whole_card);
    af_cuda_check(d, cudaStreamBeginCapture(d->stream, cudaStreamCaptureModeThreadLocal),
                  "beginning to record");
    af_status st = failure(d);
    if (st != AF_OK) pthread_mutex_unlock(&whole_card);
    return st;
}

static af_status recorded(af_device *d, af_recording **out)
{
    cudaGraph_t graph = NULL;
    af_recording *r = *out = af_calloc(1, sizeof *r);
    af_cuda_check(d, cudaStreamEndCapture(d->stream, &graph), "recording");
    pthread_mutex_unlock(&whole_card);
    if (r && d->error == cudaSuccess)
        af_cuda_check(d, cudaGraphInstantiate(&r->graph, graph, 0), "keeping what was recorded");
    if (graph) cudaGraphDestroy(graph);
    if (!r) return AF_ENOMEM;
    af_status st = failure(d);
    if (st == AF_OK) return AF_OK;
    af_free(r);
    *out = NULL;
    return st;
}

static void play(af_device *d, const af_recording *r)
{
    af_cuda_check(d, cudaGraphLaunch(r->graph, d->stream), "playing what was recorded");
}

static void forget(af_device *d, af_recording *r)
{
    if (!r) return;
    cudaStreamSynchronize(d->stream); /* it may be playing */
    cudaGraphExecDestroy(r->graph);
    af_free(r);
}

const af_device_type af_cuda_device = {
    .open = open_device,
    .close = close_device,
    .alloc = alloc,
    .free = release,
    .send = send,
    .clear = clear,
    .fetch = fetch,
    .wait = wait,
    .settle = af_cuda_settle,
    .record = record,
    .recorded = recorded,
    .play = play,
    .forget = forget,
    .compose = af_cuda_compose,
    .loss = af_cuda_loss,
    .update = af_cuda_update,
};
