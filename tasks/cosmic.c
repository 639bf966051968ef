/* Cosmic as NAS-Bench-360 sets it: masks of cosmic rays in HST images, 128 x 128. */
#include "core/task.h"

const af_task af_task_cosmic = {
    .name = "cosmic",
    .title = "Cosmic rays",
    .domain = "astronomy",
    .summary = "find the pixels of a telescope image that were hit by cosmic rays",
    .objective = AF_DENSE_BINARY,
    .loss = "bce",
    .metric = "pixel_auroc",
    .paper_metric = "pixel_auroc_paper",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .recipe =
        {
            [AF_TINY] = {.epochs = 6,
                         .batch = 4,
                         .optimiser = AF_ADAM,
                         .lr = 0.02,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 14,
                          .batch = 8,
                          .optimiser = AF_ADAM,
                          .lr = 0.003,
                          .schedule = {.kind = AF_COSINE}},
            [AF_FULL] = {.epochs = 200,
                         .batch = 8,
                         .optimiser = AF_SGD,
                         .lr = 0.001,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_STEP,
                                      .milestones = {0.3, 0.6, 0.8},
                                      .factor = 0.2},
                         .augment = {.level_least = -0.9, .level_most = 3, .in_paper = true}},
        },
    .notes =
        "A sample is a crop of one exposure; a visit is a group. Of deepCR's arrays rows and "
        "columns 64 to 191 are used, filter f435w, as in NAS-Bench-360. Ignored pixels are masked "
        "in the loss of both protocols; the original gives them the constant log 2, which has the "
        "same gradient. Visits are sorted; the last tenth validates, where the original cuts 4347 "
        "and 483 frames out of an order that depends on the file system, in the middle of a visit. "
        "Protocol clean: images are scaled by mean and standard deviation over the training "
        "pixels; pixel_auroc ranks the pixels that are not ignored. Protocol paper: raw counts, "
        "all of npy_train trains, and pixel_auroc_paper scores; the full recipe adds sky noise as "
        "the original does, to training and to test images alike: an image's sky times a number "
        "uniform from -0.9 to 3. A test image always gets the same, where the original's numbers "
        "depend on the order of calls and on workers. The sky is that of the visit's sky.npy; of "
        "FITS images it is estimated, as the median of the pixels that are good and free of rays; "
        "the stand-in knows it. Where it is not known nothing is added, and a result says so. Not "
        "reproduced: the original's hard-coded list of the visits that show resolved galaxies; all "
        "visits that are there are used. Smaller sizes cut the same 128 x 128 into tiles; where "
        "there are too many, evenly spaced ones are kept, half of them with rays. Full: 128 x 128. "
        "Small: 64 x 64, at most 160 + 40 + 60 samples. Tiny: 24 x 24, at most 64 + 24 + 48.",
    .cite =
        "Zhang and Bloom, deepCR: Cosmic Ray Rejection with Deep Learning, ApJ 889, 2020; Tu et "
        "al., NAS-Bench-360, NeurIPS 2022 Datasets and Benchmarks",
    .license = "CC BY 4.0",
};
