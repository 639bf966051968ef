/* The plain baseline of NAS-Bench-360 (Tu et al., NeurIPS 2022), whose cost is the unit 1x. In 2-D:
 * Wide ResNet 16-4 (Zagoruyko and Komodakis, BMVC 2016), pre-activation, in which the activated
 * input feeds both the first convolution and the shortcut where widths differ. In 1-D: the
 * time-series ResNet of Wang, Yan and Oates (2017), whose third block has no shortcut and which has
 * no ReLU after the additions. The mean goes over the whole map, whatever its size. Dense tasks
 * keep the resolution and end in a linear layer per pixel. small: WRN-16-1, 1-D of half the widths;
 * tiny: WRN-10-1, 1-D of a quarter of the widths: there 1x must take minutes or seconds on a CPU
 * even where every layer works on the whole grid. Parameters are those that NAS-Bench-360 tuned;
 * unless given, the task's recipe stays in force. Dropout is used in 2-D only, as there. */
#include <math.h>
#include "core/space.h"

enum { LR, MOMENTUM, WEIGHT_DECAY, DROPOUT, KNOBS };

static const char *const momentum_names[] = {"0", "0.3", "0.6", "0.9", NULL};
static const double momentum_values[] = {0, 0.3, 0.6, 0.9};
static const char *const dropout_names[] = {"0", "0.3", "0.6", NULL};
static const double dropout_values[] = {0, 0.3, 0.6};

static const struct {
    int blocks, widen; /* 2-D: residual blocks in each of 3 groups; depth = 6 blocks + 4 */
    int widths[3];     /* 1-D */
} sizes[AF_SIZES] = {
    [AF_TINY] = {1, 1, {16, 32, 32}},
    [AF_SMALL] = {2, 1, {32, 64, 64}},
    [AF_FULL] = {2, 4, {64, 128, 128}},
};

static af_id bn_relu(af_graph *g, af_id x)
{
    return af_relu(g, af_batch_norm(g, x));
}

static af_id block_2d(af_graph *g, af_id x, int width, int stride, double dropout)
{
    bool same = af_graph_shape(g, x).c == width;
    af_id active = bn_relu(g, x);
    af_id y = bn_relu(g, af_conv(g, active, af_conv_attrs(width, 3, stride)));
    if (dropout > 0) y = af_dropout(g, y, dropout);
    y = af_conv(g, y, af_conv_attrs(width, 3, 1));
    af_id shortcut = same ? x : af_conv(g, active, af_conv_attrs(width, 1, stride));
    return af_add(g, (af_id[]){y, shortcut}, 2);
}

static af_id body_2d(af_graph *g, af_id x, const af_io *io, double dropout)
{
    int width = 16 * sizes[io->size].widen;
    x = af_conv(g, x, af_conv_attrs(16, 3, 1));
    for (int group = 0; group < 3; group++, width *= 2)
        for (int i = 0; i < sizes[io->size].blocks; i++) {
            int stride = group > 0 && i == 0 && !io->dense ? 2 : 1;
            x = block_2d(g, x, width, stride, dropout);
        }
    return bn_relu(g, x);
}

static af_id block_1d(af_graph *g, af_id x, int width)
{
    static const int kernels[3] = {8, 5, 3};
    bool same = af_graph_shape(g, x).c == width;
    af_id y = x;
    for (int i = 0; i < 3; i++)
        y = bn_relu(g, af_conv(g, y, af_conv_attrs_2d(width, 1, kernels[i], 1, 1)));
    if (same) return y;
    af_id shortcut = af_batch_norm(g, af_conv(g, x, af_conv_attrs(width, 1, 1)));
    return af_add(g, (af_id[]){y, shortcut}, 2);
}

static af_id body_1d(af_graph *g, af_id x, const af_io *io)
{
    for (int i = 0; i < 3; i++) x = block_1d(g, x, sizes[io->size].widths[i]);
    return x;
}

static void build(const af_config *c, const af_io *io, af_graph *g)
{
    af_id x = af_input(g, io->input);
    x = io->input.h == 1 ? body_1d(g, x, io)
                         : body_2d(g, x, io, dropout_values[(int)c->v[DROPOUT]]);
    if (!io->dense) x = af_global_pool(g, x);
    af_output(g, af_linear(g, x, io->output.c, true));
}

static void recipe(const af_config *c, af_recipe *r)
{
    if (!isnan(c->v[LR])) r->lr = c->v[LR];
    if (!isnan(c->v[MOMENTUM])) r->momentum = momentum_values[(int)c->v[MOMENTUM]];
    if (!isnan(c->v[WEIGHT_DECAY])) r->weight_decay = c->v[WEIGHT_DECAY];
    r->dropout = dropout_values[(int)c->v[DROPOUT]];
}

static const af_knob knobs[KNOBS] = {
    [LR] = {"lr", AF_LOG_FLOAT, NULL, 1e-4, 1e-1, NAN},
    [MOMENTUM] = {"momentum", AF_CATEGORICAL, momentum_names, 0, 0, NAN},
    [WEIGHT_DECAY] = {"weight_decay", AF_LOG_FLOAT, NULL, 1e-5, 1e-2, NAN},
    [DROPOUT] = {"dropout", AF_CATEGORICAL, dropout_names, 0, 0, 0},
};

const af_space af_space_wrn = {
    .name = "wrn",
    .title = "Wide ResNet",
    .summary = "WRN-16-4 in 2-D, the time-series ResNet in 1-D; their cost is 1x",
    .cite = "Zagoruyko and Komodakis, Wide Residual Networks, BMVC 2016; Wang, Yan and Oates, Time "
            "Series Classification from Scratch with Deep Neural Networks, IJCNN 2017; Tu et al., "
            "NAS-Bench-360, NeurIPS 2022",
    .baseline = true,
    .knobs = knobs,
    .count = KNOBS,
    .build = build,
    .recipe = recipe,
};
