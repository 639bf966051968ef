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
                          .batch = 16,
                          .optimiser = AF_SGD,
                          .lr = 0.4,
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
    .notes = "x is one-hot, one channel a base in the order of the file (the paper says A, C, T, "
             "G), and used as it is; an unknown base is 0 in all channels. Splits are those of "
             "NAS-Bench-360's file: 71,753 training, 2,490 validation and 149,400 test sequences, "
             "labelled with 36 of DeepSEA's 919 targets; which 36, and which sequences, is not "
             "published, so the original files make a variant, not this task. DeepSEA splits by "
             "chromosome; the "
             "file has no coordinates, so every sequence is a group of its own, although "
             "neighbours in a split overlap. Protocol paper trains on the training sequences "
             "alone, as NAS-Bench-360 does for this task only: validation sequences are not "
             "merged, nothing validates the last stage. Its metric is scikit-learn's roc_auc_score "
             "of sigmoids, averaged over the 36 targets; here logits are ranked, and a target of "
             "one kind only, which has no curve, is left out. Both protocols share it. A "
             "smaller size keeps evenly spaced sequences of each split. small: 4,000 + 1,000 + "
             "2,000 sequences, 10 epochs. tiny: 1,300 + 200 + 400 sequences of the middle 100 "
             "bases, the first 8 targets, 5 epochs. The stand-in has 6 motifs of 8 bases at tiny "
             "and 12 of 12 otherwise, there in clusters; its channels are A, G, C, T.",
    .cite = "J. Zhou and O. G. Troyanskaya, Predicting effects of noncoding variants with deep "
            "learning-based sequence model, Nature Methods 12(10), 2015; R. Tu et al., "
            "NAS-Bench-360: benchmarking neural architecture search on diverse tasks, NeurIPS "
            "Datasets and Benchmarks, 2022",
    .license = "CC BY 4.0",
};
