/* The canonical dataset: <directory>/<task>.h5 (train and validation) and <task>.test.h5, HDF5 that
 * h5py reads as is. Contiguous, so samples are memory-mapped.
 *
 *   /x      float32, uint8 or int16 {N, C, H, W}, used as float32 of the same value
 *   /y      int32 {N} or float32 {N, C, H, W}
 *   /id     fixed-length strings {N}      /group  int32 {N}, optional: record, clip ... of a sample
 *   /level  float32 {N}, optional, in both files: the part of a sample's values that is background,
 *           the same everywhere in it (the sky of an image). A recipe may vary it.
 *   /noise  {K, C, H, W} of the type of /x, optional, main file only: samples of background alone,
 *           scaled like /x. A recipe may mix them into training samples.
 *   /mask/<protocol>  uint8 {N, C, H, W} like a float /y, optional: 0 where there is no target
 *           (padding, bad pixels). Losses leave these elements out; what a metric does is its own.
 *   /splits/<protocol>/<train|valid|test> int64 indices into this file
 *   /scale/<protocol>/{x_mean,x_std,y_mean,y_std}  float32, optional: x is used as
 *           (x - mean) / std; predictions are decoded as p * y_std + y_mean before the loss
 *   attributes: format, task, size, part, provenance, source (JSON: generator, parameters, seed;
 *           or raw files with their sha256), generator, license, cite, labels, classes, sha256,
 *           and in the main file held_out_sha256: of the held-out file made with it
 *   sha256: of the line "task ecg", for labels the line "classes 4", then /x, /y, /id, /group,
 *           /level, /noise and for each protocol its splits, its scale and its mask, as far as
 *           they are there, each after a line of its name and dimensions,
 *           "/splits/clean/train 900"; /x and /noise: and their type, "/x 900 1 1 250 float32";
 *           /id: and its width
 *
 * Small integers are for data that are integers: pixels, counts, readings of a converter. They take
 * a quarter or half of the room, and nothing is lost. A prep that rounds to them says so (fsd50k:
 * 1/400 of a decibel), and keeps the unit in the scaling.
 *
 * Reading checks everything once: shapes, label range, indices, groups, finite values.
 */
#ifndef AF_DATASET_H
#define AF_DATASET_H
#include <stdint.h>
#include "core/base/sha256.h"
#include "core/task.h"

typedef enum af_split { AF_TRAIN, AF_VALID, AF_TEST, AF_SPLITS } af_split;
extern const char *const af_split_names[AF_SPLITS];
typedef enum af_dataset_part {
    AF_MAIN,
    AF_HELD_OUT
} af_dataset_part; /* <task>.h5 | <task>.test.h5 */

/* The type of /x in the file, little-endian. */
typedef enum af_stored {
    AF_STORED_FLOAT32,
    AF_STORED_UINT8,
    AF_STORED_INT16,
    AF_STORED_TYPES
} af_stored;
extern const char *const af_stored_names[AF_STORED_TYPES]; /* "float32", "uint8", "int16" */

typedef struct af_indices {
    int64_t *i; /* NULL: the split is not in this file */
    int64_t count;
} af_indices;
typedef struct af_scaling {
    float *x_mean, *x_std; /* {C, H, W} of x; NULL: none */
    float *y_mean, *y_std; /* {C, H, W} of y; NULL: none */
} af_scaling;

enum { AF_ID_MAX = 64, AF_PROVENANCE_MAX = 16 };
typedef struct af_dataset {
    char task[64], provenance[AF_PROVENANCE_MAX], sha256[AF_SHA256_HEX], path[4096];
    char held_out_sha256[AF_SHA256_HEX]; /* of the main file's other half; "": not known */
    af_size size;
    int64_t n;
    af_shape input, output;    /* output {classes, 1, 1} for labels */
    bool dense;                /* y is float32 like the output: fields, or 0 and 1 of many labels */
    char maker[AF_TASK_MAKER]; /* of an own task's data: the command; else "" */
    af_stored x_type;
    const void *x;        /* mapped, {n, C, H, W} of x_type; read with af_dataset_sample */
    const void *y;        /* int32 {n}, or float {n, C, H, W} */
    const char *ids;      /* {n} strings of AF_ID_MAX bytes */
    const int32_t *group; /* {n}; NULL: none */
    const float *level;   /* {n}; NULL: none */
    int64_t noises;       /* 0: none */
    const void *noise;    /* mapped, {noises, C, H, W} of x_type; read with af_dataset_noise */
    af_indices split[AF_PROTOCOLS][AF_SPLITS];
    af_scaling scaling[AF_PROTOCOLS];
    const uint8_t *mask[AF_PROTOCOLS]; /* mapped, {n, C, H, W} like y; NULL: none */
    struct af_mapping *mapping;
} af_dataset;

/* "<directory>/<task>.h5" or ".test.h5". */
AF_CHECKED af_status af_dataset_path(char out[4096], const char *directory, const char *task,
                                     af_dataset_part part);
/* The directory of a task's data at a size: <af_data_dir>/<size>. */
AF_CHECKED af_status af_dataset_directory(char out[4096], af_size size);
/* Opens and checks against the task. A missing file is AF_ENOTFOUND with the command that makes it.
 */
AF_CHECKED af_status af_dataset_open(af_dataset **out, const char *directory, const af_task *task,
                                     af_dataset_part part);
/* What networks for it must fit. */
af_io af_dataset_io(const af_dataset *d);
void af_dataset_close(af_dataset *d);
/* x of sample i as floats: where it lies when it is stored so, else converted into `room`, {C, H,
 * W}. May be called by several threads at once. */
const float *af_dataset_sample(const af_dataset *d, int64_t i, float *room);
/* The same of background sample k. */
const float *af_dataset_noise(const af_dataset *d, int64_t k, float *room);
/* Recomputes the checksum over the data (slow on large files). */
AF_CHECKED af_status af_dataset_verify(const af_dataset *d);
/* Whether the other half of a main file is there and was made with it, as far as can be told
 * without opening it. */
AF_CHECKED af_status af_dataset_complete(const af_dataset *main, const char *directory);
/* Whether both files come from one preparation. */
AF_CHECKED af_status af_dataset_match(const af_dataset *main, const af_dataset *held_out);
/* What a file says of its origin, without opening it as data. */
AF_CHECKED af_status af_dataset_provenance(char out[AF_PROVENANCE_MAX], const char *directory,
                                           const char *task, af_dataset_part part);
/* Whether it was written in an older format, which can only be prepared again. */
AF_CHECKED af_status af_dataset_outdated(bool *out, const char *directory, const char *task,
                                         af_dataset_part part);
/* Number of files opened by this process whose part is AF_HELD_OUT: tests watch it. */
long af_dataset_held_out_opened(void);

/* ---- writing: fill one for each part, then write both. Arrays stay the caller's. ---- */
typedef struct af_dataset_content {
    const af_task *task;
    af_size size;
    af_dataset_part part;
    const char *provenance; /* "real", "partial", "generated"; of a user's own dataset "own" */
    const char *source;     /* JSON text: generator, parameters, seed; or raw files with sha256 */
    const char *const *labels; /* class names that depend on the data; NULL: the task's */
    int64_t n;
    af_shape input, output;
    bool dense;
    af_stored x_type;
    const void *x; /* of x_type */
    const void *y;
    const char *ids;      /* {n} x AF_ID_MAX */
    const int32_t *group; /* may be NULL */
    const float *level;   /* {n}, in both parts or in none; NULL: none */
    int64_t noises;       /* of the main part; 0: none */
    const void *noise;    /* {noises} of x_type, shaped like x */
    af_indices split[AF_PROTOCOLS][AF_SPLITS];
    af_scaling scaling[AF_PROTOCOLS];
    const uint8_t *mask[AF_PROTOCOLS]; /* 0 or 1, like y; NULL: none */
    /* extra attributes as numbers, e.g. the solver's residual */
    const char *const *attr_names;
    const double *attr_values;
    int attrs;
} af_dataset_content;
/* Both files. The main one goes first and comes back last, so whenever this is cut short there is
 * no main file, or one that belongs to the held-out file beside it. */
AF_CHECKED af_status af_dataset_write_pair(const char *directory, const af_dataset_content *main,
                                           const af_dataset_content *held_out);
/* One file, atomically. A main file alone can be opened, but not run or checked as a dataset. */
AF_CHECKED af_status af_dataset_write(const char *directory, const af_dataset_content *c);

/* ---- predictions of a finished run: /id, /pred, /target, /group, /mask, attributes of the run
 * ---- */
AF_CHECKED af_status af_predictions_write(const char *path, const af_dataset *d,
                                          af_protocol protocol, const af_indices *which,
                                          const float *pred, const char *result_json);

/* HDF5 prints its own error stack; call once before using it. */
void af_hdf5_quiet(void);

#endif
