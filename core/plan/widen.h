/* Runs a kernel of the backend's own type on tensors in bf16: what the kernel reads is widened into
 * the thread's memory, what it writes is rounded back. So every op works in bf16 before anyone has
 * written a bf16 kernel for it, and on processors that have no arithmetic for it. */
#ifndef AF_WIDEN_H
#define AF_WIDEN_H
#include "core/op.h"

typedef enum af_item_kind {
    AF_GATHER,
    AF_FORWARD,
    AF_LOSS,
    AF_GATHER_BACK,
    AF_BACKWARD
} af_item_kind;
enum { AF_WIDEN_X = 1, AF_WIDEN_Y = 2 }; /* which sides are in bf16: inputs; the output */

/* Bytes for chunks of n samples. */
size_t af_widen_bytes(const af_node *node, const af_shape *in, int n);
/* Calls slot, the kernel's one for `kind`. */
void af_widen(void (*slot)(const af_call *), const af_call *c, af_item_kind kind, unsigned sides,
              void *memory);

#endif
