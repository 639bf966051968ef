/* Small datasets with known contents: 12 samples of 2 x 1 x 5, three to a group, labels 0..2 or
 * dense targets of 1 x 1 x 5; and three background samples. x[i][e] = i + e / 100, level[i] = i /
 * 8, noise[k][e] = 60 - 9 k + e. */
#ifndef AID_TOY_H
#define AID_TOY_H
#include "core/data/dataset.h"

enum { TOY_N = 12, TOY_X = 10, TOY_Y = 5, TOY_NOISE = 3 };
extern const af_task toy_labels, toy_dense;

typedef struct toy {
    float x[TOY_N * TOY_X], dense[TOY_N * TOY_Y], mean[TOY_X], std[TOY_X];
    float level[TOY_N], noise[TOY_NOISE * TOY_X];
    uint8_t bytes[TOY_N * TOY_X], noise_bytes[TOY_NOISE * TOY_X];
    int16_t shorts[TOY_N * TOY_X], noise_shorts[TOY_NOISE * TOY_X];
    int32_t label[TOY_N], group[TOY_N];
    char ids[TOY_N * AF_ID_MAX];
    int64_t train[6], valid[3], rest[3];
    af_dataset_content content; /* main part; points into this struct */
} toy;

void toy_fill(toy *t, const af_task *task);
/* Makes it the held-out part, which has no background samples; splits stay. */
void toy_hold_out(toy *t);
/* Stores /x as `type`; for the integers x becomes values that reach to both ends of it. */
void toy_store_as(toy *t, af_stored type);
/* Both parts: training and validation samples here, test samples there. */
void toy_fill_pair(toy *main, toy *held_out, const af_task *task);
/* toy_files.c: these work in work_dir (tests/aid/work.h). */
void toy_write(const af_task *task, af_dataset_part part);
const char *toy_path(const af_task *task); /* of the main part; valid until the next call */
/* The main part, written once and then copied without waiting for the disk. */
void toy_copy(const af_task *task);
af_status toy_open_and_close(const af_task *task);

#endif
