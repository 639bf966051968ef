/* Names inside the file. */
#include "core/data/names.h"
#include <stdio.h>

const char *const af_part_names[2] = {[AF_MAIN] = "main", [AF_HELD_OUT] = "test"};

const char *const af_stored_names[AF_STORED_TYPES] = {
    [AF_STORED_FLOAT32] = "float32", [AF_STORED_UINT8] = "uint8", [AF_STORED_INT16] = "int16"};
const af_block_type af_stored_blocks[AF_STORED_TYPES] = {
    [AF_STORED_FLOAT32] = AF_FLOAT32, [AF_STORED_UINT8] = AF_UINT8, [AF_STORED_INT16] = AF_INT16};

static const struct {
    const char *name;
    size_t offset;
} scales[AF_SCALES] = {
    {"x_mean", offsetof(af_scaling, x_mean)},
    {"x_std", offsetof(af_scaling, x_std)},
    {"y_mean", offsetof(af_scaling, y_mean)},
    {"y_std", offsetof(af_scaling, y_std)},
};

void af_split_block_name(char out[AF_BLOCK_NAME], int protocol, int split)
{
    snprintf(out, AF_BLOCK_NAME, "/splits/%s/%s", af_protocol_names[protocol],
             af_split_names[split]);
}

void af_scale_block_name(char out[AF_BLOCK_NAME], int protocol, int scale)
{
    snprintf(out, AF_BLOCK_NAME, "/scale/%s/%s", af_protocol_names[protocol], scales[scale].name);
}

void af_mask_block_name(char out[AF_BLOCK_NAME], int protocol)
{
    snprintf(out, AF_BLOCK_NAME, "/mask/%s", af_protocol_names[protocol]);
}

float **af_scale_slot(af_scaling *s, int scale)
{
    return (float **)((char *)s + scales[scale].offset);
}
