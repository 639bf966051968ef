/* DeepSEA's own layout: train.mat, valid.mat and test.mat in one directory, each with <split>xdata
 * {sequences, 4, 1000} and <split>data {sequences, targets}, all 0 or 1. (Readers of HDF5 see the
 * axes of train.mat, which is of version 7.3, in reverse.) */
#ifndef AF_DEEPSEA_MATS_H
#define AF_DEEPSEA_MATS_H
#include "data-prep/deepsea/sequences.h"

enum { AF_DEEPSEA_MOST_TARGETS = 4096 };
typedef struct af_deepsea_mats {
    int targets; /* 0: not all three files are there */
    int64_t count[AF_SPLITS];
} af_deepsea_mats;

extern const char *const af_deepsea_mat_files[AF_SPLITS];
AF_CHECKED af_status af_deepsea_mats_look(af_deepsea_mats *out, const char *directory);
/* Of each split every n-th sequence, with the smallest n for which the layout has room; read in
 * slices: 256 MiB of values, and what HDF5 needs for their chunks (1 GB for very small ones). */
AF_CHECKED af_status af_deepsea_mats_read(af_dna_set out[AF_SPLITS], const af_deepsea_mats *m,
                                          const char *directory, const af_dna_layout *l);

#endif
