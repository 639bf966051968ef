/* Names inside the file, shared by its reader and its writer. Internal to core/data. */
#ifndef AF_NAMES_H
#define AF_NAMES_H
#include <stddef.h>
#include "core/data/dataset.h"
#include "core/data/hdf5.h"

enum { AF_DATASET_FORMAT = 3, AF_BLOCK_NAME = 64, AF_SCALES = 4 };
extern const char *const af_part_names[2];
extern const af_block_type af_stored_blocks[AF_STORED_TYPES];

/* "/splits/clean/train", "/scale/clean/x_mean". */
void af_split_block_name(char out[AF_BLOCK_NAME], int protocol, int split);
void af_scale_block_name(char out[AF_BLOCK_NAME], int protocol, int scale);
/* "/mask/clean". */
void af_mask_block_name(char out[AF_BLOCK_NAME], int protocol);
/* The scale-th member of a scaling. */
float **af_scale_slot(af_scaling *s, int scale);
static inline bool af_scale_is_y(int scale)
{
    return scale >= 2;
}

#endif
