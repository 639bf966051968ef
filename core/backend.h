/* Contract: a backend, a set of kernels that override the ops' reference kernels. One file in
 * core/backends defines `const af_backend af_backend_<name>`; its helpers live in a directory of
 * the same name. `prepare` answers "not mine" with AF_OK and kernel NULL: the reference then runs.
 */
#ifndef AF_BACKEND_H
#define AF_BACKEND_H
#include "core/op.h"

/* What the plan asks: kernels for this node, for chunks of n samples. */
typedef struct af_request {
    const af_node *node;
    const af_shape *in;
    int n;      /* samples per chunk, always exactly this many */
    bool train; /* backward will be called */
    bool wants_dx[AF_MAX_INPUTS];
    af_dtype type; /* of x, y, dx and dy. AF_BF16 and "not mine": the plan asks again with the
                      backend's own type and converts around that kernel */
} af_request;

/* What a plan stores activations and their gradients in; parameters always have the backend's type.
 */
typedef enum af_precision { AF_FULL_PRECISION, AF_BF16_PRECISION, AF_PRECISIONS } af_precision;

typedef struct af_prepared {
    const af_kernel *kernel; /* NULL: use the reference */
    void *self;              /* owned by the backend until release(self) */
    size_t lane_bytes;       /* memory wanted per lane (gradient in the backend's layout) */
    size_t scratch_bytes;    /* memory wanted per thread; shared by all nodes */
} af_prepared;

typedef struct af_backend {
    const char *name, *summary;
    af_dtype dtype; /* of parameters; of activations, unless the plan stores them in bf16 */
    /* (optional) Whether this processor has matrix units for bf16, for which `auto` chooses it;
     * NULL: it has not. */
    bool (*prefers_bf16)(void);
    /* AF_OK when usable on this machine, else AF_EUNSUPPORTED with the reason. Fills a short text
     * such as "oneDNN 2.6.3, avx512_core" that is recorded in results. */
    af_status (*probe)(char *text, size_t size);
    /* (optional) NULL: every op runs its reference. */
    af_status (*prepare)(const af_request *r, af_prepared *out);
    void (*release)(void *self); /* with prepare */
    /* (optional) Opens the device; its plans come with a later version of the contract. When set,
     * the backend cannot run plans on the host. */
    bool device;
} af_backend;

/* "fp32" (or "fp64"), "bf16": as recorded in results. */
const char *af_precision_name(const af_backend *b, af_precision p);
/* "auto" is bf16 where the backend prefers it. */
AF_CHECKED af_status af_precision_find(af_precision *out, const af_backend *b, const char *name);

#endif
