/* NAS-Bench-360's deepsea_filtered.npz: x_train, x_val, x_test {sequences, 1000, 4} and y_train,
 * y_val, y_test {sequences, 36}, all 0 or 1, of any numeric type. */
#ifndef AF_DEEPSEA_FILTERED_H
#define AF_DEEPSEA_FILTERED_H
#include "data-prep/deepsea/sequences.h"

extern const char af_deepsea_file[]; /* its name */
/* Of each split the evenly spaced sequences that the layout has room for, in the file's order;
 * `whole` gets the numbers of sequences in the file. One array is in memory at a time. */
AF_CHECKED af_status af_deepsea_filtered_read(af_dna_set out[AF_SPLITS], int64_t whole[AF_SPLITS],
                                              const char *path, const af_dna_layout *l);

#endif
