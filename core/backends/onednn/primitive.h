/* A set of oneDNN primitives that several threads execute at once. oneDNN's memory objects carry
 * the data pointer, so each thread needs its own: they are pooled here when the plan is made, a
 * thread takes a free slot for the time of one call, and nothing is allocated in a training step.
 *
 * Primitives are created for one thread, inside af_onednn_alone(): their sums then run in one fixed
 * order wherever they are executed. */
#ifndef AF_ONEDNN_PRIMITIVE_H
#define AF_ONEDNN_PRIMITIVE_H
#include <dnnl.h>
#include "core/base/status.h"

enum { AF_MEMORIES = 9, AF_PASSES = 7, AF_PASS_ARGS = 6 };

/* Argument of a primitive (DNNL_ARG_*) and the index of the memory it is bound to; arg 0 ends a
 * list. */
typedef struct af_binding {
    int arg, memory;
} af_binding;

typedef struct af_slot af_slot;
typedef struct af_primitives {
    dnnl_primitive_t pass[AF_PASSES];           /* NULL: not needed */
    const af_binding (*bindings)[AF_PASS_ARGS]; /* per pass; borrowed, static */
    af_slot *slot;
    int slots;
} af_primitives;

/* The process's CPU engine; NULL when oneDNN cannot make one. */
dnnl_engine_t af_onednn_engine(void);
/* AF_OK, or an error that names what failed. */
af_status af_onednn_status(dnnl_status_t st, const char *what);

/* Creates the memory objects; an empty descriptor (ndims 0) makes none. */
af_status af_primitives_open(af_primitives *p, const dnnl_memory_desc_t md[AF_MEMORIES]);
void af_primitives_close(af_primitives *p);
/* Executes one pass on this thread; data[i] belongs to memory i. */
void af_primitives_run(const af_primitives *p, int pass, void *const data[AF_MEMORIES]);

/* Lets oneDNN see one thread until the matching call of af_onednn_together. */
int af_onednn_alone(void);
void af_onednn_together(int threads);

#endif
