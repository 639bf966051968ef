/* Small datasets with known contents. */
#include "tests/aid/toy.h"
#include <stdio.h>
#include <string.h>

static const char *const names[] = {"N", "A", "O", NULL};
const af_task toy_labels = {.name = "toy",
                            .objective = AF_SINGLE_LABEL,
                            .aggregate = AF_MAJORITY,
                            .labels = names,
                            .cite = "nobody",
                            .license = "CC0"};
const af_task toy_dense = {.name = "field", .objective = AF_DENSE_REGRESSION};

void toy_fill(toy *t, const af_task *task)
{
    *t = (toy){0};
    for (int i = 0; i < TOY_N; i++) {
        for (int e = 0; e < TOY_X; e++) t->x[i * TOY_X + e] = (float)i + (float)e / 100;
        for (int e = 0; e < TOY_Y; e++) t->dense[i * TOY_Y + e] = (float)(i - e);
        t->label[i] = i % 4 % 3;
        t->group[i] = 100 + i / 3;
        t->level[i] = (float)i / 8;
        snprintf(t->ids + (size_t)i * AF_ID_MAX, AF_ID_MAX, "A%05d%s", i / 3, i % 3 ? "b" : "");
    }
    for (int e = 0; e < TOY_NOISE * TOY_X; e++) {
        const int value = 60 - 9 * (e / TOY_X) + e % TOY_X;
        t->noise[e] = (float)value;
        t->noise_bytes[e] = (uint8_t)value;
        t->noise_shorts[e] = (int16_t)value;
    }
    for (int e = 0; e < TOY_X; e++) {
        t->mean[e] = (float)e;
        t->std[e] = (float)(e + 1);
    }
    for (int i = 0; i < 6; i++) t->train[i] = i;
    for (int i = 0; i < 3; i++) {
        t->valid[i] = 6 + i;
        t->rest[i] = 9 + i;
    }
    const bool dense = task->objective != AF_SINGLE_LABEL;
    t->content = (af_dataset_content){
        .task = task,
        .size = AF_TINY,
        .part = AF_MAIN,
        .provenance = "generated",
        .source = "{\"generator\": \"toy\", \"seed\": 7}",
        .n = TOY_N,
        .input = {2, 1, 5},
        .output = dense ? (af_shape){1, 1, 5} : (af_shape){3, 1, 1},
        .dense = dense,
        .x = t->x,
        .y = dense ? (const void *)t->dense : (const void *)t->label,
        .ids = t->ids,
        .group = t->group,
        .level = t->level,
        .noises = TOY_NOISE,
        .noise = t->noise,
        .split = {[AF_CLEAN] = {{t->train, 6}, {t->valid, 3}, {t->rest, 3}},
                  [AF_PAPER] = {{t->train, 6}, {NULL, 0}, {NULL, 0}}},
        .scaling = {[AF_CLEAN] = {.x_mean = t->mean, .x_std = t->std}},
    };
}

void toy_store_as(toy *t, af_stored type)
{
    const int64_t low = type == AF_STORED_UINT8 ? 0 : INT16_MIN;
    const int64_t high = type == AF_STORED_UINT8 ? UINT8_MAX : INT16_MAX;
    t->content.x_type = type;
    if (type == AF_STORED_FLOAT32) return;
    for (int i = 0; i < TOY_N * TOY_X; i++) {
        const int64_t value = low + (high - low) * i / (TOY_N * TOY_X - 1);
        t->x[i] = (float)value;
        t->bytes[i] = (uint8_t)value;
        t->shorts[i] = (int16_t)value;
    }
    const bool bytes = type == AF_STORED_UINT8;
    t->content.x = bytes ? (const void *)t->bytes : (const void *)t->shorts;
    if (t->content.noises)
        t->content.noise = bytes ? (const void *)t->noise_bytes : (const void *)t->noise_shorts;
}

void toy_hold_out(toy *t)
{
    t->content.part = AF_HELD_OUT;
    t->content.noises = 0;
    t->content.noise = NULL;
}

void toy_fill_pair(toy *main, toy *held_out, const af_task *task)
{
    toy_fill(main, task);
    toy_fill(held_out, task);
    main->content.split[AF_CLEAN][AF_TEST] = (af_indices){0};
    toy_hold_out(held_out);
    memset(held_out->content.split, 0, sizeof held_out->content.split);
    held_out->content.split[AF_CLEAN][AF_TEST] = (af_indices){held_out->rest, 3};
}
