/* Square maps of proteins, put together from their tiles, for the metrics mae8 and mae8_paper. */
#ifndef AF_MAE8_MAPS_H
#define AF_MAE8_MAPS_H
#include "core/metric.h"

typedef struct af_protein_map { /* each {side, side} */
    int side;
    float *pred, *target;
    uint8_t *counts; /* 0: no target there */
} af_protein_map;

/* Pairs of residues that count are at least this far apart in the sequence, and at most this far
 * apart in space, in Angstrom. */
enum { AF_MAE8_SEPARATION = 24, AF_MAE8_DISTANCE = 8 };

/* Mean over the proteins that have such pairs of the mean over their pairs (row p < column q) of
 * |target - predicted(map, p, q)|. Consecutive samples of one group are a protein's tiles, row by
 * row: a square number of them. AF_EINVAL when they are not, or when no protein has such a pair. */
AF_CHECKED af_status af_mae8_mean(double *out, const af_predictions *p,
                                  double (*predicted)(const af_protein_map *m, int p, int q));

#endif
