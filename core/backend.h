/* Contract: a backend, a set of kernels that override the ops' reference kernels. One file in
 * core/backends defines `const af_backend af_backend_<name>`; its helpers live in a directory of
 * the same name. `prepare` answers "not mine" with AF_OK and kernel NULL: the reference then runs.
 */
#ifndef AF_BACKEND_H
#define AF_BACKEND_H
#include "core/op.h"

/* What a plan stores activations and their gradients in; parameters always have the backend's type.
 * TF32 stores floats, and products may round what they multiply to 10 bits: backends that say so.
 */
typedef enum af_precision {
    AF_FULL_PRECISION,
    AF_BF16_PRECISION,
    AF_TF32_PRECISION,
    AF_PRECISIONS
} af_precision;

/* What the plan asks: kernels for this node, for chunks of n samples. */
typedef struct af_request {
    const af_node *node;
    const af_shape *in;
    int n;      /* samples per chunk, always exactly this many */
    bool train; /* backward will be called */
    bool wants_dx[AF_MAX_INPUTS];
    af_dtype type; /* of x, y, dx and dy. AF_BF16 and "not mine": the plan asks again with the
                      backend's own type and converts around that kernel. On a device the host's
                      side of `input` and `output` is float all the same */
    af_precision precision;
    bool fast;                /* results may differ from run to run, if that is quicker */
    struct af_device *device; /* that the kernel queues its work on; NULL: the host */
} af_request;

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
    bool tf32; /* offers that precision */
    /* (optional) NULL: every op runs its reference. A backend with a device has kernels for every
     * op; "not mine" is then an error. */
    af_status (*prepare)(const af_request *r, af_prepared *out);
    void (*release)(void *self); /* with prepare */
    /* (optional) NULL: plans run on the host. */
    const struct af_device_type *device;
} af_backend;

/* "fp32" (or "fp64"), "bf16", "tf32": as recorded in results. */
const char *af_precision_name(const af_backend *b, af_precision p);
bool af_precision_offered(const af_backend *b, af_precision p);
/* "auto" is bf16 where the backend prefers it. */
AF_CHECKED af_status af_precision_find(af_precision *out, const af_backend *b, const char *name);

#endif
