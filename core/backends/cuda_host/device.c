/* See host.h. */
#include "core/backends/cuda_host/host.h"
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "core/backends/cuda/kernels.h"
#include "core/base/alloc.h"

enum { ALIGN = 256 };
static const size_t ARENA = (size_t)1 << 34; /* address space, not memory */

typedef struct job {
    const char *name;
    void (*run)(const void *work);
    void *work;
} job;

struct af_recording {
    job *jobs;
    int count, room;
    af_status st;
};

struct af_device {
    af_recording *recording; /* NULL: work is done at once */
    af_pack_list packs;
};

af_pack_list *af_cuda_host_packs(af_device *d)
{
    return &d->packs;
}

af_host_watch *af_host_watched;
static char *arena, *written; /* a byte for a byte */
static size_t used;
static _Thread_local const char *running = "";

/* ---- watching ---- */

static bool watched(const void *p)
{
    return arena && (const char *)p >= arena && (const char *)p < arena + ARENA;
}

void af_host_read(const void *p, size_t bytes)
{
    if (!watched(p) || !memchr(written + ((const char *)p - arena), 0, bytes)) return;
    if (af_host_watched->unwritten++ == 0)
        snprintf(af_host_watched->first, sizeof af_host_watched->first, "%s", running);
}

void af_host_wrote(const void *p, size_t bytes)
{
    if (watched(p)) memset(written + ((const char *)p - arena), 1, bytes);
}

void af_host_forget(const void *p, size_t bytes)
{
    if (watched(p)) memset(written + ((const char *)p - arena), 0, bytes);
}

static char *reserve(void)
{
    void *p = mmap(NULL, ARENA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                   -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

af_status af_host_watch_begin(af_host_watch *w)
{
    *w = (af_host_watch){0};
    used = 0;
    arena = reserve();
    written = reserve();
    if (!arena || !written) {
        af_host_watch_end();
        return af_fail(AF_ENOMEM, "no address space to watch the memory of cuda_host");
    }
    af_host_watched = w;
    return AF_OK;
}

void af_host_watch_end(void)
{
    if (arena) munmap(arena, ARENA);
    if (written) munmap(written, ARENA);
    arena = written = NULL;
    af_host_watched = NULL;
}

#define COUNT(what)                                                                                \
    do {                                                                                           \
        if (af_host_watched) af_host_watched->what++;                                              \
    } while (0)

/* ---- memory ---- */

static af_status open_device(af_device **out)
{
    *out = af_calloc(1, sizeof **out);
    return *out ? AF_OK : AF_ENOMEM;
}

static void close_device(af_device *d)
{
    af_free(d);
}

/* Zeros are what was promised; a watched byte counts as written all the same only when a plan keeps
 * it from step to step, so the test says which are not. */
static void *alloc(af_device *d, size_t bytes)
{
    (void)d;
    COUNT(allocations);
    if (!af_host_watched) return af_calloc(bytes, 1);
    void *p = arena + used;
    used += (bytes + ALIGN) & ~(size_t)(ALIGN - 1);
    if (used > ARENA) return af_fail(AF_ENOMEM, "cuda_host: too much to watch"), NULL;
    af_host_wrote(p, bytes);
    return p;
}

static void release(af_device *d, void *p)
{
    (void)d;
    if (!watched(p)) af_free(p);
}

static void send(af_device *d, void *to, const void *from, size_t bytes)
{
    (void)d;
    COUNT(sends);
    memcpy(to, from, bytes);
    af_host_wrote(to, bytes);
}

static void clear(af_device *d, void *to, size_t bytes)
{
    (void)d;
    memset(to, 0, bytes);
    af_host_wrote(to, bytes);
}

static af_status wait(af_device *d)
{
    COUNT(waits);
    return d->recording ? af_fail(AF_EINTERNAL, "cuda_host: waited while recording") : AF_OK;
}

static af_status fetch(af_device *d, void *to, const void *from, size_t bytes)
{
    AF_TRY(wait(d));
    running = "fetch";
    if (af_host_watched) af_host_read(from, bytes);
    memcpy(to, from, bytes);
    return AF_OK;
}

/* ---- the queue ---- */

static void run_job(const char *name, void (*run)(const void *), const void *work)
{
    COUNT(launches);
    running = name;
    run(work);
}

static af_status keep(af_recording *r, job j, size_t bytes)
{
    if (r->count == r->room) {
        int room = r->room ? 2 * r->room : 64;
        job *more = af_realloc(r->jobs, (size_t)room * sizeof *more);
        if (!more) return AF_ENOMEM;
        r->jobs = more;
        r->room = room;
    }
    void *copy = af_alloc(bytes);
    if (!copy) return AF_ENOMEM;
    memcpy(copy, j.work, bytes);
    r->jobs[r->count++] = (job){j.name, j.run, copy};
    return AF_OK;
}

void af_host_queue(af_device *d, const char *name, void (*run)(const void *), const void *work,
                   size_t bytes)
{
    af_recording *r = d->recording;
    if (!r)
        run_job(name, run, work);
    else if (r->st == AF_OK)
        r->st = keep(r, (job){name, run, (void *)(uintptr_t)work}, bytes);
}

static void forget(af_device *d, af_recording *r)
{
    (void)d;
    if (!r) return;
    for (int i = 0; i < r->count; i++) af_free(r->jobs[i].work);
    af_free(r->jobs);
    af_free(r);
}

static af_status record(af_device *d)
{
    COUNT(recordings);
    d->recording = af_calloc(1, sizeof *d->recording);
    return d->recording ? AF_OK : AF_ENOMEM;
}

static af_status recorded(af_device *d, af_recording **out)
{
    af_recording *r = d->recording;
    af_status st = r->st;
    d->recording = NULL;
    if (st != AF_OK) forget(d, r);
    *out = st == AF_OK ? r : NULL;
    return st;
}

static void play(af_device *d, const af_recording *r)
{
    (void)d;
    COUNT(plays);
    for (int i = 0; i < r->count; i++) run_job(r->jobs[i].name, r->jobs[i].run, r->jobs[i].work);
}

const af_device_type af_host_device = {
    .open = open_device,
    .close = close_device,
    .alloc = alloc,
    .free = release,
    .send = send,
    .clear = clear,
    .fetch = fetch,
    .wait = wait,
    .settle = af_cuda_host_settle,
    .record = record,
    .recorded = recorded,
    .play = play,
    .forget = forget,
    .compose = af_cuda_host_compose,
    .loss = af_cuda_host_loss,
    .update = af_cuda_host_update,
};
