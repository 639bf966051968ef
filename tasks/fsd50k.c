/* FSD50K: tag the sound events in a clip of any length. One sample is the mel spectrogram of a
 * second; an epoch takes one of each clip, and a clip is scored by the mean of the logits of all of
 * them. */
#include "core/task.h"

const af_task af_task_fsd50k = {
    .name = "fsd50k",
    .title = "FSD50K",
    .domain = "audio",
    .summary = "which of 200 kinds of sound events are heard in a clip of 0.3 to 30 seconds",
    .objective = AF_MULTI_LABEL,
    .loss = "bce",
    .metric = "map",
    .aggregate = AF_MEAN_LOGIT,
    .sampler = AF_ONE_PER_GROUP,
    .recipe =
        {
            [AF_TINY] = {.epochs = 15,
                         .batch = 16,
                         .optimiser = AF_SGD,
                         .lr = 0.5,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 20,
                          .batch = 32,
                          .optimiser = AF_SGD,
                          .lr = 0.5,
                          .momentum = 0.9,
                          .weight_decay = 5e-4,
                          .schedule = {.kind = AF_COSINE}},
            [AF_FULL] = {.epochs = 200,
                         .batch = 256,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_STEP,
                                      .milestones = {0.3, 0.6, 0.8},
                                      .factor = 0.2},
                         .augment = {.masks = 2,
                                     .mask_share = 0.5,
                                     .mask_rows = 0.15,
                                     .mask_columns = 0.2,
                                     .mask_in_paper = true}},
        },
    .notes = "TODO",
    .cite =
        "E. Fonseca, X. Favory, J. Pons, F. Font and X. Serra, FSD50K: an open dataset of "
        "human-labeled sound events, IEEE/ACM Trans. Audio, Speech, and Language Processing 30, "
        "2022; R. Tu et al., NAS-Bench-360: benchmarking neural architecture search on diverse "
        "tasks, NeurIPS Datasets and Benchmarks, 2022",
    .license = "CC BY 4.0 (the dataset; each clip has its own Creative Commons licence)",
};
