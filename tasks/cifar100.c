/* CIFAR-100 as NAS-Bench-360 uses it: 32 x 32 colour images of 100 classes, accuracy, with a crop,
 * a flip and cutout while training. */
#include "core/task.h"
#include "tasks/cifar100/labels.h"

const af_task af_task_cifar100 = {
    .name = "cifar100",
    .title = "CIFAR-100",
    .domain = "vision",
    .summary = "which of 100 kinds of things, plants and animals a small colour photograph shows",
    .objective = AF_SINGLE_LABEL,
    .loss = "cross_entropy",
    .metric = "accuracy",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .labels = af_cifar100_labels,
    .recipe =
        {
            [AF_TINY] = {.epochs = 10,
                         .batch = 32,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE},
                         .augment = {.pad = 1, .flip = true}},
            [AF_SMALL] = {.epochs = 40,
                          .batch = 64,
                          .optimiser = AF_SGD,
                          .lr = 0.1,
                          .momentum = 0.9,
                          .weight_decay = 5e-4,
                          .schedule = {.kind = AF_COSINE},
                          .augment = {.pad = 4, .flip = true, .cutout = 16}},
            [AF_FULL] = {.epochs = 200,
                         .batch = 128,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_STEP,
                                      .milestones = {0.3, 0.6, 0.8},
                                      .factor = 0.2},
                         .augment = {.pad = 4, .flip = true, .cutout = 16}},
        },
    .notes =
        "x holds pixels 0 to 255; it is used as (x - mean) / deviation with the constants of "
        "NAS-Bench-360 for each channel, mean 255 (.5071 .4867 .4408) and deviation 255 (.2675 "
        ".2565 .2761), which the dataset stores for each element, in both protocols. Of the 50,000 "
        "training images the last 10,000 validate, an index slice as in NAS-Bench-360; protocol "
        "paper trains on all. Training images are cropped out of an image padded with black, "
        "flipped, scaled, and a square around a random point is set to 0, clipped at the border. "
        "NAS-Bench-360 augments the validation images too; here they are used as they are. "
        "Training order is shuffled. A smaller size keeps the first images of each split. small: "
        "8,000 + 2,000 + 2,000 images and 40 epochs. tiny: 1,600 + 400 + 400 images, each 2 x 2 "
        "pixels summed to 16 x 16 and scaled alike, all 100 classes, crop 1, no cutout. The "
        "stand-in's classes "
        "bear the real names but mean one of ten shapes with one of ten textures; image k is of "
        "class k modulo 100, so splits are balanced.",
    .cite =
        "A. Krizhevsky, Learning multiple layers of features from tiny images, technical report, "
        "University of Toronto, 2009; R. Tu et al., NAS-Bench-360: benchmarking neural "
        "architecture "
        "search on diverse tasks, NeurIPS Datasets and Benchmarks, 2022",
    .license = "CC BY 4.0",
};
