/* NinaPro: which of 17 gestures a hand makes, or that it rests, from the currents of the forearm's
 * muscles, as NAS-Bench-360 sets it. */
#include "core/task.h"

static const char *const labels[] = {
    "rest",
    "thumb_up",
    "index_and_middle_extended",
    "ring_and_little_flexed",
    "thumb_opposing_little",
    "fingers_abducted",
    "fist",
    "pointing_index",
    "fingers_adducted",
    "supination_middle_axis",
    "pronation_middle_axis",
    "supination_little_axis",
    "pronation_little_axis",
    "wrist_flexion",
    "wrist_extension",
    "radial_deviation",
    "ulnar_deviation",
    "wrist_extension_closed_hand",
    NULL,
};

const af_task af_task_ninapro = {
    .name = "ninapro",
    .title = "NinaPro DB5",
    .domain = "prosthetics",
    .summary = "which of 17 gestures a hand makes, or none, from 16 electrodes on the forearm",
    .objective = AF_SINGLE_LABEL,
    .loss = "cross_entropy",
    .metric = "accuracy",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .labels = labels,
    .recipe =
        {
            [AF_TINY] = {.epochs = 15,
                         .batch = 32,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 40,
                          .batch = 64,
                          .optimiser = AF_SGD,
                          .lr = 0.1,
                          .momentum = 0.9,
                          .weight_decay = 5e-4,
                          .schedule = {.kind = AF_COSINE}},
            [AF_FULL] = {.epochs = 200,
                         .batch = 128,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_STEP,
                                      .milestones = {0.3, 0.6, 0.8},
                                      .factor = 0.2}},
        },
    .notes =
        "A sample is a window of 52 readings (260 ms) of 16 electrodes, 1 x 16 x 52 with "
        "electrodes "
        "as rows. The six files of NAS-Bench-360 fix the splits (2,638 + 659 + 659 windows); how "
        "they were cut from the recordings, and whether a subject or a repetition is in two of "
        "them, was not published, so imported data have no groups. Label 0 is taken to be rest, "
        "about two windows in three. Protocol clean scales each electrode by its mean and standard "
        "deviation over the training windows; paper uses the values as they are, as NAS-Bench-360 "
        "does, and trains on training and validation windows. Training order is shuffled. A "
        "smaller "
        "size keeps evenly spaced windows of each split; small: the shorter recipe alone; tiny: "
        "612 + 153 + 153 windows and of each the 26 readings in the middle. The stand-in is not "
        "rectified or smoothed, so that no linear model of its readings sees how strong a signal "
        "is. It has subjects with six repetitions each, of which the second validates, the fifth "
        "tests and four train: a repetition lies in one split, a subject in all.",
    .cite = "S. Pizzolato et al., Comparison of six electromyography acquisition setups on hand "
            "movement classification tasks, PLoS ONE 12(10), 2017; R. Tu et al., NAS-Bench-360: "
            "benchmarking neural architecture search on diverse tasks, NeurIPS Datasets and "
            "Benchmarks, 2022",
    .license = "CC BY-ND",
};
