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
            [AF_SMALL] = {.epochs = 18,
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
                                     .mix_share = 0.75,
                                     .mix_most = 0.5,
                                     .in_paper = true}},
        },
    .notes =
        "One sample is a second of a clip as a 96 x 101 mel spectrogram (22,050 Hz, 1920 points, "
        "window 661, hop 220, HTK scale, decibels within 80 of the loudest, minus their mean), "
        "as NAS-Bench-360 makes it with torchaudio and librosa. Clips are cut every half second "
        "for as long as anything is left, the last pieces repeated to fill a second: inferred "
        "from the published numbers of chunks (about 597,000 and 205,000), which pieces of a "
        "whole second only would not reach. Sounds are resampled by a windowed sinc and rounded "
        "to 16 bits, where NAS-Bench-360 used ffmpeg. x is int16, 400 steps a decibel. Protocol "
        "paper uses decibels; clean divides by the standard deviation over the training samples. "
        "An epoch takes one random chunk of each clip; a clip's logits are the mean over all its "
        "chunks. Splits are the published ones (36,796 + 4,170 + 10,231 clips) under both "
        "protocols: NAS-Bench-360 never merges validation into training here. Under protocol "
        "paper the full recipe masks rows and columns (SpecAugment) as NAS-Bench-360 does, and "
        "three quarters of its training samples become (1 - a) x + a noise, a uniform up to 0.5, "
        "the labels unchanged; the noise is masked by draws of its own. Noise comes from "
        "recordings beside the clips, in noise*/: of at most 930 (the original's MUSAN), evenly "
        "spaced by name, eight seconds each, evenly spaced. The original makes one spectrogram "
        "of a whole recording and crops it anywhere; here each second is one, with a mean of its "
        "own. Without such recordings, as in FSD50K itself, nothing is mixed, and a result says "
        "so. Left out are the original's padding (chunks have 101 frames already) and its "
        "dropped last batch. The same recipe reaches a published mAP of .08, which looks like a "
        "failure of the optimisation: the loss is the mean over 200 labels, so its gradients are "
        "small. The recipes of tiny and small therefore have a higher rate. A smaller size keeps "
        "the labels most frequent among training clips, in the vocabulary's order, drops clips "
        "that have none of them, and takes evenly spaced clips and chunks. small: 60 labels, "
        "1,200 + 200 + 400 clips, at most 6 chunks each, true shape. tiny: 24 labels, 360 + 80 + "
        "160 clips, at most 2 chunks, means over 4 x 4 points: 24 x 25. They keep noise too (60 "
        "recordings, two seconds each; 24, one second), which their recipes do not use. The "
        "stand-in has as many labels, of a hierarchy of its own, and as many clips (full: 8,000 "
        "+ 1,000 + 2,000), and as noise the background of its clips (full: 200 recordings).",
    .cite =
        "E. Fonseca, X. Favory, J. Pons, F. Font and X. Serra, FSD50K: an open dataset of "
        "human-labeled sound events, IEEE/ACM Trans. Audio, Speech, and Language Processing 30, "
        "2022; R. Tu et al., NAS-Bench-360: benchmarking neural architecture search on diverse "
        "tasks, NeurIPS Datasets and Benchmarks, 2022",
    .license = "CC BY 4.0 (the dataset; each clip has its own Creative Commons licence)",
};
