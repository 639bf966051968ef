/* The constant model: one trained output per class or channel, whatever the input. It learns the
 * majority class, or the mean of a decoded regression target: the row every other one must beat. */
#include "core/space.h"

static void build(const af_config *c, const af_io *io, af_graph *g)
{
    (void)c;
    af_id x = af_zero(g, af_input(g, io->input));
    af_output(g, af_linear(g, io->dense ? x : af_global_pool(g, x), io->output.c, true));
}

const af_space af_space_constant = {
    .name = "constant",
    .title = "constant prediction",
    .summary = "a trained bias and nothing else: the majority class, or the mean target",
    .cite = "the usual control; no source",
    .baseline = true,
    .build = build,
};
