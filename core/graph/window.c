/* The one place where window geometry is checked; see window.h. */
#include "core/graph/window.h"

static af_status along(int *out, const af_attrs *a, int axis, int size)
{
    const char *name = axis == 0 ? "height" : "width";
    int kernel = a->kernel[axis], stride = a->stride[axis], dilation = a->dilation[axis];
    int before = a->pad[2 * axis], after = a->pad[2 * axis + 1];
    if (kernel < 1 || kernel > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "kernel %s %d, want 1 to %d", name, kernel, AF_MAX_DIM);
    if (stride < 1 || stride > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "stride %d along the %s, want 1 to %d", stride, name, AF_MAX_DIM);
    if (dilation < 1 || dilation > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "dilation %d along the %s, want 1 to %d", dilation, name,
                       AF_MAX_DIM);
    if (before < 0 || after < 0 || before > AF_MAX_DIM || after > AF_MAX_DIM)
        return af_fail(AF_EINVAL, "padding %d and %d along the %s, want 0 to %d", before, after,
                       name, AF_MAX_DIM);
    int64_t extent = (int64_t)(kernel - 1) * dilation + 1;
    int64_t padded = (int64_t)size + before + after;
    if (extent > padded)
        return af_fail(AF_EINVAL,
                       "no output: the window spans %lld (kernel %d, dilation %d), the input's "
                       "%s is %d and %lld with padding",
                       (long long)extent, kernel, dilation, name, size, (long long)padded);
    *out = (int)((padded - extent) / stride + 1);
    return AF_OK;
}

af_status af_window_shape(int *out_h, int *out_w, const af_attrs *a, const af_shape *in)
{
    AF_TRY(along(out_h, a, 0, in->h));
    AF_TRY(along(out_w, a, 1, in->w));
    return AF_OK;
}

af_status af_pool_shape(af_shape *out, const af_attrs *a, const af_shape *in)
{
    for (int i = 0; i < 2; i++)
        if (a->dilation[i] != 1)
            return af_fail(AF_EINVAL, "dilation %d, but pools know only 1", a->dilation[i]);
    AF_TRY(af_window_shape(&out->h, &out->w, a, in));
    for (int i = 0; i < 4; i++)
        if (a->pad[i] >= a->kernel[i / 2])
            return af_fail(AF_EINVAL,
                           "padding %d on one side, want less than the kernel's %d: a window of "
                           "padding alone has no value",
                           a->pad[i], a->kernel[i / 2]);
    out->c = in->c;
    return AF_OK;
}
