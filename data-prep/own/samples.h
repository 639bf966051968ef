/* A user's arrays as samples: axes put in order, parts joined, targets checked, ids and groups
 * made, splits drawn. What is behind here fulfils the dataset's rules. */
#ifndef AF_OWN_SAMPLES_H
#define AF_OWN_SAMPLES_H
#include "data-prep/own/array.h"

typedef struct af_own_samples {
    const af_own *own;
    const char *base; /* the manifest's directory */
    int64_t n;
    int64_t first[AF_SPLITS + 1]; /* of each ready part; all samples are part 0 otherwise */
    af_shape input, output;
    af_stored x_type;
    void *x;        /* {n, C, H, W} */
    int32_t *label; /* {n}; or */
    float *dense;   /* {n, C, H, W} of output */
    char *ids;      /* {n} x AF_ID_MAX */
    char *groups;   /* {n} x AF_ID_MAX, as they were named; NULL: none */
    int32_t *group; /* {n}: numbers of the names in order; NULL: none */
    af_indices split[AF_SPLITS];
} af_own_samples;

/* In this order; af_own_samples_close after any of them. */
AF_CHECKED af_status af_own_inputs(af_own_samples *s);  /* n, first, input, x; samples_x.c */
AF_CHECKED af_status af_own_targets(af_own_samples *s); /* output, label or dense; samples_y.c */
AF_CHECKED af_status af_own_names(af_own_samples *s);   /* groups, group, ids; samples_names.c */
AF_CHECKED af_status af_own_splits(af_own_samples *s);  /* split; samples_split.c */
void af_own_samples_close(af_own_samples *s);

/* An array's axes brought to {n, C, H, W}. */
typedef struct af_own_view {
    int64_t n;
    af_shape shape;
    int64_t step[4]; /* elements from one sample, channel, row, column to the next */
} af_own_view;
AF_CHECKED af_status af_own_view_of(af_own_view *out, const af_own_array *a, af_own_axes axes,
                                    const af_own_source *s);
/* "3 x 32 x 32" */
const char *af_own_shape_text(char out[64], af_shape s);

#endif
