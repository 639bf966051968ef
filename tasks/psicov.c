/* PSICOV as NAS-Bench-360 sets it: distance maps of proteins from coevolution, by tiles of 128. */
#include "core/task.h"

const af_task af_task_psicov = {
    .name = "psicov",
    .title = "PSICOV",
    .domain = "protein folding",
    .summary = "predict the distances between a protein's residues from its sequence alignment",
    .objective = AF_DENSE_REGRESSION,
    .loss = "mse",
    .metric = "mae8",
    .paper_metric = "mae8_paper",
    .aggregate = AF_PER_SAMPLE,
    .sampler = AF_ONE_PER_GROUP,
    .recipe =
        {
            [AF_TINY] = {.epochs = 8,
                         .batch = 4,
                         .optimiser = AF_ADAM,
                         .lr = 0.005,
                         .schedule = {.kind = AF_COSINE}},
            [AF_SMALL] = {.epochs = 20,
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
                                      .factor = 0.2}},
        },
    .notes =
        "A sample is a square tile of a protein's map; a protein is a group. Input: 57 channels in "
        "NAS-Bench-360's order. Rows of secondary structure (3), PSSM (22), solvent accessibility "
        "and entropy appear twice, spread along the columns and along the rows; then CCMpred, "
        "FreeContact and contact potential. Distances below 1 Angstrom are 1, above 16 are 16; the "
        "diagonal is the mean of its neighbours. Maps are padded by 5 on each side. Validation and "
        "test proteins are stored as all tiles that cover the padded map, row by row, which is how "
        "the original predicts its 512 x 512 test maps. A training protein larger than a tile is "
        "stored as 2 random crops (the original draws a new one every epoch), of which an epoch "
        "uses one. Protocol clean: padding and unknown distances are masked in the loss and in "
        "mae8; input channels and distances are scaled by mean and standard deviation over the "
        "training samples. Protocol paper: no mask and no scaling, padding is a distance of 16, an "
        "unknown distance is 0, training and validation proteins train together (of a former "
        "validation protein an epoch sees an aligned tile), and mae8_paper scores. Test distances "
        "are capped as well, which neither metric can see. Not reproduced: the original looks up "
        "lengths of shuffled test proteins in list order. Full: 3356 + 100 + 150 proteins, tiles "
        "of "
        "128. Small: tiles of 64, at most 100 + 20 + 30 proteins. Tiny: tiles of 24, padding 2, 4 "
        "crops, at most 48 + 8 + 16 proteins, and 11 channels, without PSSM and entropy.",
    .cite =
        "Adhikari, A fully open-source framework for deep learning protein real-valued "
        "distances, Scientific Reports 10, 2020; Jones et al., PSICOV, Bioinformatics 28, 2012; "
        "Tu et al., NAS-Bench-360, NeurIPS 2022 Datasets and Benchmarks",
    .license = "GPL-3.0",
};
