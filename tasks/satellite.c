/* Satellite: what covers a plot of land, from a year of its vegetation index, as NAS-Bench-360 sets
 * it. */
#include "core/task.h"

static const char *const labels[] = {
    "corn",
    "wheat",
    "dense_building",
    "industrial_building",
    "diffuse_building",
    "temporary_meadow",
    "hardwood",
    "wasteland",
    "fallow",
    "soy",
    "water",
    "meadow",
    "softwood",
    "sunflower",
    "sorghum",
    "eucalyptus",
    "rapeseed",
    "corn_silage",
    "barley",
    "pea",
    "poplar",
    "mineral_surface",
    "gravel_pit",
    "lake",
    NULL,
};

const af_task af_task_satellite = {
    .name = "satellite",
    .title = "Satellite",
    .domain = "earth observation",
    .summary = "which of 24 covers a plot of land has, from 46 satellite readings of one year",
    .objective = AF_SINGLE_LABEL,
    .loss = "cross_entropy",
    .metric = "accuracy",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .labels = labels,
    .recipe =
        {
            [AF_TINY] = {.epochs = 10,
                         .batch = 32,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 30,
                          .batch = 128,
                          .optimiser = AF_SGD,
                          .lr = 0.1,
                          .momentum = 0.9,
                          .weight_decay = 5e-4,
                          .schedule = {.kind = AF_COSINE}},
            [AF_FULL] = {.epochs = 200,
                         .batch = 4096,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_STEP,
                                      .milestones = {0.3, 0.6, 0.8},
                                      .factor = 0.2}},
        },
    .notes =
        "Each series is scaled to mean 0 and standard deviation 1 over its own 46 readings, as in "
        "NAS-Bench-360 (deviation over N; a series that does not change becomes zeros). Labels 1 "
        "to 24 become 0 to 23; the names are translations of the French ones that come with the "
        "data. full: of 900,000 training series the last 100,000 validate, an index slice as in "
        "NAS-Bench-360, and 100,000 test; of fewer, the last ninth validates. Of the archive's "
        "Crop files, which hold the same data, every ninth training series validates, as they may "
        "be sorted by class, unless a Crop_VALIDATION file is there. Protocol paper trains on "
        "training and validation series. The files do not say where a plot lies, so neighbours "
        "may fall into different splits, as they do in the original. small: at most 16,000 + "
        "2,000 + 4,000 series, tiny: 1,200 + 360 + 720, evenly spaced over each split.",
    .cite =
        "F. Petitjean, J. Inglada and P. Gancarski, Satellite image time series analysis under "
        "time warping, IEEE Trans. Geosci. Remote Sens. 50(8), 2012; C. W. Tan, G. I. Webb and F. "
        "Petitjean, Indexing and classifying gigabytes of time series under time warping, SDM, "
        "2017; R. Tu et al., NAS-Bench-360: benchmarking neural architecture search on diverse "
        "tasks, NeurIPS Datasets and Benchmarks, 2022",
    .license = "GPL-3.0",
};
