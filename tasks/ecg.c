/* ECG: tell normal rhythm, atrial fibrillation, other rhythms and noise in a single-lead recording.
 * One sample is a window; a record is scored by the majority of its windows. */
#include "core/task.h"

static const char *const labels[] = {"N", "A", "O", "~", NULL};

const af_task af_task_ecg = {
    .name = "ecg",
    .title = "ECG rhythm",
    .domain = "medicine",
    .summary = "rhythm of a hand-held single-lead ECG: normal, atrial fibrillation, other, noisy",
    .objective = AF_SINGLE_LABEL,
    .loss = "cross_entropy",
    .metric = "f1_macro",
    .aggregate = AF_MAJORITY,
    .sampler = AF_ALL,
    .labels = labels,
    .recipe =
        {
            [AF_TINY] = {.epochs = 12,
                         .batch = 16,
                         .optimiser = AF_SGD,
                         .lr = 0.05,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 16,
                          .batch = 64,
                          .optimiser = AF_SGD,
                          .lr = 0.1,
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
    .notes = "Labels: the newest REFERENCE file found, v3 when present (5076 N, 758 A, 2415 O, "
             "279 ~). NAS-Bench-360's challenge2017.pkl does not name its records: they are taken "
             "to be in the order of their names, with which NAS-Bench-360's published window "
             "counts agree. Split by position, all 8,528 of them give the split below; ids are "
             "positions from 1. Each record is scaled to mean 0 and standard deviation 1, then "
             "cut into windows of 1000 samples (3.3 s at 300 Hz). full: starts range(0, length - "
             "1000, stride), stride 500 for N, 83 for A, 250 for O, 25 for ~, in every split, as "
             "NAS-Bench-360 does: 328,515 windows. Split by record: of numpy's "
             "RandomState(0).permutation over the records sorted by name, the first tenth is the "
             "test set, the one NAS-Bench-360 retrains against (853 records, 32,471 windows); the "
             "next tenth validates (34,304 windows), the rest trains (261,740 windows, the "
             "published number). While searching, the original divides that held-out fifth by a "
             "second permutation (33,281 and 33,494 windows), so its validation set is another "
             "and overlaps this test set. Protocol paper merges train and validation. small: "
             "about 8,000 such windows, evenly spaced and equally many per record whatever its "
             "label (1 to 24). tiny: at most 300 records, low-passed and decimated by 4 to 75 Hz, "
             "windows of 250 samples, about 900 in all. The stand-in's classes are less "
             "unbalanced (.50 .16 .25 .09) than the real ones, so that every split holds each.",
    .cite =
        "G. D. Clifford et al., AF classification from a short single lead ECG recording: the "
        "PhysioNet/Computing in Cardiology Challenge 2017, Computing in Cardiology 44, 2017; "
        "R. Tu et al., NAS-Bench-360: benchmarking neural architecture search on diverse tasks, "
        "NeurIPS Datasets and Benchmarks, 2022",
    .license = "ODC-BY 1.0",
};
