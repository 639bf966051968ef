/* A linear layer over the channels of every pixel is a 1x1 convolution. */
#include "core/backends/onednn/onednn.h"

af_status af_onednn_linear(const af_request *r, af_prepared *out)
{
    const af_conv_geometry g = {
        .in = r->in[0].c,
        .out = r->node->shape.c,
        .groups = 1,
        .kernel = {1, 1},
        .stride = {1, 1},
        .dilation = {1, 1},
        .bias = r->node->attrs.bias,
    };
    return af_onednn_dense(r, &g, out);
}
