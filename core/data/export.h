/* A dataset as plain arrays for other programs: x, y, id and group of every split of every
 * protocol.
 *
 *     npy    <to>/<protocol>/<train|valid|test>_{x,y,id,group}.npy, <to>/<protocol>/x_mean.npy ...
 *     hdf5   <to>/<protocol>.h5 with /train/x ... /scale/x_mean ..., <to>/<protocol>.test.h5
 *
 * and <to>/dataset.json, which says what is there: shapes, types, scaling, classes, origin. Values
 * are those of the dataset, unscaled; test samples are in files of their own. */
#ifndef AF_EXPORT_H
#define AF_EXPORT_H
#include "core/data/dataset.h"

typedef enum af_export_format { AF_EXPORT_NPY, AF_EXPORT_HDF5 } af_export_format;
extern const char *const af_export_names[]; /* "npy", "hdf5", NULL */

/* `directory`: where the dataset is. `to` is made; files of the same names are replaced. */
AF_CHECKED af_status af_dataset_export(const af_task *task, const char *directory, const char *to,
                                       af_export_format format);

#endif
