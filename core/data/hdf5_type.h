/* The types of blocks: to HDF5, in bytes and in words. Internal to core/data. */
#ifndef AF_HDF5_TYPE_H
#define AF_HDF5_TYPE_H
#include <hdf5.h>
#include "core/data/hdf5.h"

/* To be closed; negative when HDF5 refuses. */
hid_t af_type_text(size_t width);
hid_t af_type_of(const af_block *b);
bool af_type_is(hid_t type, af_block_type wanted);
/* What a file may be expected to hold: "32-bit float (little-endian)". */
void af_type_wants(char out[128], const af_block_type *types, int count);
/* What it holds: "64-bit float". */
void af_type_describe(char out[64], hid_t type);
/* Where a block may start; those that are copied before they are used start anywhere. */
unsigned af_type_alignment(af_block_type type);

#endif
