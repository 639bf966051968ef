/* Pooled execution of oneDNN primitives: who may touch which memory object when. A slot is owned by
 * the thread that set its flag; threads start looking at their own number, so they rarely meet. */
#include <dnnl.h>
#if DNNL_VERSION_MAJOR == 2
#include <omp.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <threads.h>
#include "core/backends/onednn/onednn.h"
#include "core/backends/onednn/primitive.h"
#include "core/base/alloc.h"
#include "core/base/log.h"

enum { MAX_SLOTS = 64 };

struct af_slot {
    atomic_flag busy;
    dnnl_stream_t stream;
    dnnl_memory_t memory[AF_MEMORIES];
};

static dnnl_engine_t engine;
static once_flag engine_once = ONCE_FLAG_INIT;

static void make_engine(void)
{
    if (dnnl_engine_create(&engine, dnnl_cpu, 0) != dnnl_success) engine = NULL;
}

dnnl_engine_t af_onednn_engine(void)
{
    call_once(&engine_once, make_engine);
    return engine;
}

bool af_onednn_has_amx(void)
{
    return dnnl_get_effective_cpu_isa() == dnnl_cpu_isa_avx512_core_amx;
}

af_status af_onednn_status(dnnl_status_t st, const char *what)
{
    if (st == dnnl_success) return AF_OK;
    if (st == dnnl_out_of_memory)
        return af_fail(AF_ENOMEM, "oneDNN: %s: out of memory; try a smaller batch", what);
    return af_fail(AF_EINTERNAL,
                   "oneDNN: %s: status %d; please report it, and use --backend reference", what,
                   (int)st);
}

int af_onednn_alone(void)
{
    int threads = omp_get_max_threads();
    if (threads != 1) omp_set_num_threads(1);
    return threads;
}

void af_onednn_together(int threads)
{
    if (threads != 1) omp_set_num_threads(threads);
}

static dnnl_status_t open_slot(af_slot *s, const dnnl_memory_desc_t md[AF_MEMORIES])
{
    atomic_flag_clear(&s->busy);
    dnnl_status_t st = dnnl_stream_create(&s->stream, engine, dnnl_stream_default_flags);
    for (int i = 0; i < AF_MEMORIES && st == dnnl_success; i++)
        if (md[i].ndims > 0)
            st = dnnl_memory_create(&s->memory[i], &md[i], engine, DNNL_MEMORY_NONE);
    return st;
}

af_status af_primitives_open(af_primitives *p, const dnnl_memory_desc_t md[AF_MEMORIES])
{
    int slots = omp_get_num_procs();
    p->slots = slots < MAX_SLOTS ? slots : MAX_SLOTS;
    p->slot = af_calloc((size_t)p->slots, sizeof *p->slot);
    if (!p->slot) return AF_ENOMEM;
    for (int i = 0; i < p->slots; i++)
        AF_TRY(af_onednn_status(open_slot(&p->slot[i], md), "cannot make memory objects"));
    return AF_OK;
}

void af_primitives_close(af_primitives *p)
{
    for (int i = 0; p->slot && i < p->slots; i++) {
        for (int m = 0; m < AF_MEMORIES; m++)
            if (p->slot[i].memory[m]) dnnl_memory_destroy(p->slot[i].memory[m]);
        if (p->slot[i].stream) dnnl_stream_destroy(p->slot[i].stream);
    }
    af_free(p->slot);
    for (int i = 0; i < AF_PASSES; i++)
        if (p->pass[i]) dnnl_primitive_destroy(p->pass[i]);
}

/* Threads are numbered as they first come here. */
static int own_number(void)
{
    static atomic_int next;
    static _Thread_local int number = -1;
    if (number < 0) number = atomic_fetch_add(&next, 1) & 0xffff;
    return number;
}

static af_slot *take(const af_primitives *p)
{
    for (int i = own_number() % p->slots, tried = 0;; i = (i + 1) % p->slots) {
        if (!atomic_flag_test_and_set_explicit(&p->slot[i].busy, memory_order_acquire))
            return &p->slot[i];
        if (++tried % p->slots == 0) sched_yield(); /* more threads than cores */
    }
}

void af_primitives_run(const af_primitives *p, int pass, void *const data[AF_MEMORIES])
{
    af_slot *s = take(p);
    dnnl_exec_arg_t args[AF_PASS_ARGS];
    int count = 0;
    for (const af_binding *b = p->bindings[pass]; b->arg; b++) {
        if (!s->memory[b->memory]) continue; /* no bias */
        dnnl_memory_set_data_handle(s->memory[b->memory], data[b->memory]);
        args[count++] = (dnnl_exec_arg_t){b->arg, s->memory[b->memory]};
    }
    int threads = af_onednn_alone();
    dnnl_status_t st = dnnl_primitive_execute(p->pass[pass], s->stream, count, args);
    af_onednn_together(threads);
    atomic_flag_clear_explicit(&s->busy, memory_order_release);
    if (st != dnnl_success) { /* everything was checked when the plan was made */
        af_log(AF_LOG_ERROR, "oneDNN: a prepared primitive failed with status %d", (int)st);
        abort();
    }
}
#else
#include "core/backends/onednn/onednn.h"

bool af_onednn_has_amx(void)
{
    return false;
}
#endif
