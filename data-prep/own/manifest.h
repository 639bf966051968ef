/* A manifest: a YAML file that describes a user's own dataset, and so a task. docs/data.md lists
 * all of its keys. It comes from anybody: everything is checked, and every message has the file,
 * the line and the key.
 *
 *     af_own *own;
 *     AF_TRY(af_own_load(&own, "my_task.yaml"));
 *     ... own->task ...                          lives as long as own
 *     af_own_free(own);
 */
#ifndef AF_OWN_MANIFEST_H
#define AF_OWN_MANIFEST_H
#include "core/base/yaml.h"
#include "core/data/dataset.h"

enum { AF_OWN_NAME = 40, AF_OWN_FILE = 1 << 22 }; /* longest name; most bytes of a manifest */

/* Where an array comes from. */
typedef struct af_own_source {
    const af_yaml_node *at;      /* for messages; NULL: there is none */
    const char *file;            /* as written: relative to the manifest's directory */
    const char *key;             /* of an array in .npz or HDF5; NULL: the only one */
    const af_yaml_node *columns; /* CSV: which; NULL: all */
    const char *separator;       /* CSV: one character; NULL: "," and in .tsv a tab */
    int header;                  /* CSV: 0 no, 1 yes, 2: see array_csv.c */
} af_own_source;

/* Samples: x and y, and what is known of each. */
typedef struct af_own_part {
    af_own_source x, y, id, group;
} af_own_part;

/* How the axes of an array lie: N samples, C channels, H rows, W columns. */
typedef enum af_own_axes {
    AF_OWN_BY_RANK, /* N, NW, NHW, NCHW */
    AF_OWN_N,
    AF_OWN_NC,
    AF_OWN_NW,
    AF_OWN_NHW,
    AF_OWN_NCW,
    AF_OWN_NWC,
    AF_OWN_NCHW,
    AF_OWN_NHWC,
} af_own_axes;
extern const char *const af_own_axes_names[]; /* "auto", "N", "NC" ..., NULL */

typedef enum af_own_scale { AF_OWN_CHANNEL, AF_OWN_ELEMENT, AF_OWN_UNSCALED } af_own_scale;

typedef struct af_own {
    af_yaml *yaml;
    af_task task; /* .own; recipe of every size the same; .variant_of: then there are no data */
    int classes;  /* 0: as many as the data have */
    int64_t first_label;
    af_own_axes x_axes, y_axes;
    af_own_scale x_scale, y_scale;
    bool ready;                                  /* the data come as train, (valid) and test */
    af_own_part part[AF_SPLITS];                 /* ready: of each; else all samples in part[0] */
    const af_yaml_node *split;                   /* NULL: none given */
    bool listed;                                 /* split by index lists instead of shares */
    af_own_source index[AF_SPLITS];              /* listed in files */
    const af_yaml_node *inline_index[AF_SPLITS]; /* listed here */
    double valid, test;                          /* shares */
    uint64_t seed;
} af_own;

AF_CHECKED af_status af_own_load(af_own **out, const char *path);
/* From memory; `path` is for messages. */
AF_CHECKED af_status af_own_parse(af_own **out, const char *text, size_t size, const char *path);
void af_own_free(af_own *own); /* NULL is fine */
/* manifest_recipe.c: the defaults of size and objective, then what the manifest changes. */
AF_CHECKED af_status af_own_recipe(af_recipe *out, const af_yaml_node *root, const af_task *task);

/* manifest_data.c: from `data` and `split`. */
AF_CHECKED af_status af_own_read_data(af_own *own, const af_yaml_node *root);

#endif
