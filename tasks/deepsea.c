/* DeepSEA as NAS-Bench-360 uses it: which of 36 chromatin features a stretch of DNA has. */
#include "core/task.h"

const af_task af_task_deepsea = {
    .name = "deepsea",
    .title = "DeepSEA",
    .domain = "genomics",
    .summary = "which of 36 chromatin features (binding proteins, marks) 1000 bases of DNA have",
    .objective = AF_MULTI_LABEL,
    .loss = "bce",
    .metric = "auroc",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .recipe =
        {
            [AF_TINY] = {.epochs = 5,
                         .batch = 16,
                         .optimiser = AF_SGD,
                         .lr = 0.4,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 10,
                          .batch = 32,
                          .optimiser = AF_SGD,
                          .lr = 0.2,
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
                                      .factor = 0.2}},
        },
    .notes = "TODO",
    .cite = "J. Zhou and O. G. Troyanskaya, Predicting effects of noncoding variants with deep "
            "learning-based sequence model, Nature Methods 12(10), 2015; R. Tu et al., "
            "NAS-Bench-360: benchmarking neural architecture search on diverse tasks, NeurIPS "
            "Datasets and Benchmarks, 2022",
    .license = "CC BY 4.0",
};
