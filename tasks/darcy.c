/* Darcy Flow as NAS-Bench-360 sets it: 85 x 85 maps, relative L2 as loss and as metric. */
#include "core/task.h"

const af_task af_task_darcy = {
    .name = "darcy",
    .title = "Darcy Flow",
    .domain = "partial differential equations",
    .summary = "predict the steady flow through a porous medium from its diffusion coefficient",
    .objective = AF_DENSE_REGRESSION,
    .loss = "relative_l2",
    .metric = "relative_l2",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .recipe =
        {
            [AF_TINY] = {.epochs = 12,
                         .batch = 8,
                         .optimiser = AF_ADAM,
                         .lr = 0.005,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 24,
                          .batch = 8,
                          .optimiser = AF_ADAM,
                          .lr = 0.005,
                          .schedule = {.kind = AF_COSINE}},
            /* NAS-Bench-360 sums the loss over its batch of 8 where it is averaged here, and runs
             * at lr 1e-3, decay 5e-4: the same updates. */
            [AF_FULL] = {.epochs = 200,
                         .batch = 8,
                         .optimiser = AF_SGD,
                         .lr = 0.008,
                         .momentum = 0.9,
                         .weight_decay = 6.25e-5,
                         .schedule = {.kind = AF_STEP,
                                      .milestones = {0.3, 0.6, 0.8},
                                      .factor = 0.2}},
        },
    .notes =
        "Input channels: coefficient, then the coordinates along the last axis and along the rows. "
        "Coefficient and solution are scaled at each grid point by mean and unbiased standard "
        "deviation plus 1e-5 over the training samples; predictions are decoded before the loss. "
        "Protocol paper trains and scales on training and validation samples together. Generated "
        "data hold coefficient and solution at the nodes of a grid that includes the boundary, "
        "where "
        "the solution is 0; the released files hold them at cell centres, half a cell inside. "
        "Full: 900 + 100 + 100 samples. Small: the same maps, 200 + 50 + 50 samples and a shorter "
        "recipe. Tiny: 15 x 15 maps (solved on 71 x 71), 96 + 24 + 48 samples.",
    .cite =
        "Li et al., Fourier Neural Operator for Parametric Partial Differential Equations, ICLR "
        "2021; Tu et al., NAS-Bench-360, NeurIPS 2022 Datasets and Benchmarks",
    .license = "MIT",
};
