/* Spherical CIFAR-100 as NAS-Bench-360 uses it: the images of CIFAR-100 projected onto a sphere
 * that is turned at random. Convolutions see the grid of latitudes and longitudes, in which an
 * object's form depends on where it lies. */
#include "core/task.h"
#include "tasks/cifar100/labels.h"

const af_task af_task_spherical = {
    .name = "spherical",
    .title = "Spherical CIFAR-100",
    .domain = "omnidirectional vision",
    .summary = "which of 100 things a photograph shows that is projected onto a turned sphere",
    .objective = AF_SINGLE_LABEL,
    .loss = "cross_entropy",
    .metric = "accuracy",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ALL,
    .labels = af_cifar100_labels,
    .recipe =
        {
            [AF_TINY] = {.epochs = 10,
                         .batch = 16,
                         .optimiser = AF_SGD,
                         .lr = 0.1,
                         .momentum = 0.9,
                         .weight_decay = 5e-4,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 30,
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
        "A sphere's grid of 60 latitudes by 60 longitudes, 3 x 60 x 60, pixels 0 to 255. Of the "
        "50,000 training images the last 10,000 validate, an index slice as in NAS-Bench-360. "
        "Protocol clean scales each channel by its mean and standard deviation over the training "
        "images; paper uses 0 to 255 as they are, as NAS-Bench-360 does, and trains on training "
        "and "
        "validation images. No augmentation; training order is shuffled. The published file was "
        "made by a script for three channels that was not released, with unseeded rotations. "
        "Images "
        "projected here follow the released one for a single channel: one rotation for 500 "
        "consecutive images, sampling of the pixels on either side, the image stretched to 0 to "
        "255; all channels share rotation and stretch. They are like the published ones, never the "
        "same, so they are marked partial. WRN pools over the whole map, where NAS-Bench-360's "
        "sees a corner of it only, so its published error of 85.77 % is no measure for this one. A "
        "smaller size keeps evenly "
        "spaced images of each split. small: 8,000 + 2,000 + 2,000 images, each 2 x 2 points "
        "summed to 30 x 30, and 30 epochs. tiny: 1,600 + 300 + 400 images, 4 x 4 points summed to "
        "15 x 15; spheres projected for it are turned little from the poles (deflection 0.05, not "
        "1), or a small network learns nothing. A stand-in has 100 + 20 rotations at every size, "
        "as the full data; its images are those of the stand-in of cifar100.",
    .cite = "T. Cohen, M. Geiger, J. Koehler and M. Welling, Spherical CNNs, ICLR, 2018; A. "
            "Krizhevsky, Learning multiple layers of features from tiny images, technical report, "
            "University of Toronto, 2009; R. Tu et al., NAS-Bench-360: benchmarking neural "
            "architecture search on diverse tasks, NeurIPS Datasets and Benchmarks, 2022",
    .license = "CC BY-SA",
};
