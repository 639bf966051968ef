/* The linear model: the row that says how much of a task needs no network. Dense tasks: one linear
 * map of the channels, the same at every pixel. Classification: every input is seen, as a
 * convolution whose window is the whole input.
 *
 * How to write another baseline: copy this file to baselines/<name>.c, rename the struct at the
 * bottom, and say in build() how the network of a configuration is made for any input and output.
 * The defaults of the parameters are the published model; a default of NAN leaves a value to the
 * task's recipe. Listing, texts, tuning by any searcher and the tests follow from the struct. */
#include <math.h>
#include <string.h>
#include "core/space.h"

enum { LR, WEIGHT_DECAY, KNOBS };

static void build(const af_config *c, const af_io *io, af_graph *g)
{
    (void)c;
    af_id x = af_input(g, io->input);
    if (io->dense) {
        af_output(g, af_linear(g, x, io->output.c, true));
        return;
    }
    af_attrs whole = af_conv_attrs_2d(io->output.c, io->input.h, io->input.w, 1, 1);
    memset(whole.pad, 0, sizeof whole.pad);
    whole.bias = true;
    af_output(g, af_conv(g, x, whole));
}

static void recipe(const af_config *c, af_recipe *r)
{
    if (!isnan(c->v[LR])) r->lr = c->v[LR];
    if (!isnan(c->v[WEIGHT_DECAY])) r->weight_decay = c->v[WEIGHT_DECAY];
}

static const af_knob knobs[KNOBS] = {
    [LR] = {"lr", AF_LOG_FLOAT, NULL, 1e-4, 1e-1, NAN},
    [WEIGHT_DECAY] = {"weight_decay", AF_LOG_FLOAT, NULL, 1e-5, 1e-2, NAN},
};

const af_space af_space_linear = {
    .name = "linear",
    .title = "linear model",
    .summary = "one linear layer: all inputs to all classes, or channels to outputs at each pixel",
    .cite = "Cox, The Regression Analysis of Binary Sequences, JRSS B 1958",
    .baseline = true,
    .knobs = knobs,
    .count = KNOBS,
    .build = build,
    .recipe = recipe,
};
