/* One row a type. HDF5's own types are made when it starts, so they are a switch instead of a
 * column. */
#include "core/data/hdf5_type.h"
#include <stdio.h>
#include <string.h>
#include "core/data/dataset.h"

static const struct {
    const char *name;
    int width; /* bytes; 0: the block says */
    unsigned alignment;
} types[AF_BLOCK_TYPES] = {
    [AF_FLOAT32] = {"32-bit float", 4, 4},
    [AF_INT32] = {"32-bit integer", 4, 4},
    [AF_INT64] = {"64-bit integer", 8, 1},
    [AF_UINT8] = {"8-bit integer without sign", 1, 1},
    [AF_INT16] = {"16-bit integer", 2, 2},
    [AF_TEXT] = {"fixed-length string of at most 63 bytes", 0, 1},
};

int64_t af_block_bytes(const af_block *b)
{
    int64_t bytes = b->type == AF_TEXT ? b->width : types[b->type].width;
    for (int i = 0; i < b->rank; i++) bytes *= b->dims[i];
    return bytes;
}

unsigned af_type_alignment(af_block_type type)
{
    return types[type].alignment;
}

hid_t af_type_text(size_t width)
{
    hid_t type = H5Tcopy(H5T_C_S1);
    if (H5Tset_size(type, width ? width : 1) < 0 || H5Tset_strpad(type, H5T_STR_NULLPAD) < 0 ||
        H5Tset_cset(type, H5T_CSET_UTF8) < 0) {
        H5Tclose(type);
        return H5I_INVALID_HID;
    }
    return type;
}

/* HDF5's, not to be closed; negative for texts, which have a width. */
static hid_t native(af_block_type type)
{
    switch (type) {
    case AF_FLOAT32:
        return H5T_NATIVE_FLOAT;
    case AF_INT32:
        return H5T_NATIVE_INT32;
    case AF_INT64:
        return H5T_NATIVE_INT64;
    case AF_UINT8:
        return H5T_NATIVE_UINT8;
    case AF_INT16:
        return H5T_NATIVE_INT16;
    default:
        return H5I_INVALID_HID;
    }
}

hid_t af_type_of(const af_block *b)
{
    return b->type == AF_TEXT ? af_type_text((size_t)b->width) : H5Tcopy(native(b->type));
}

bool af_type_is(hid_t type, af_block_type wanted)
{
    if (wanted != AF_TEXT) return H5Tequal(type, native(wanted)) > 0;
    return H5Tget_class(type) == H5T_STRING && H5Tis_variable_str(type) == 0 &&
           H5Tget_size(type) < AF_ID_MAX;
}

void af_type_wants(char out[128], const af_block_type *wanted, int count)
{
    size_t n = 0;
    for (int i = 0; i < count && n < 128; i++)
        n += (size_t)snprintf(out + n, 128 - n, "%s%s", i ? " or " : "", types[wanted[i]].name);
    if (wanted[0] != AF_TEXT && n < 128) snprintf(out + n, 128 - n, " (little-endian)");
}

void af_type_describe(char out[64], hid_t type)
{
    static const char *const kinds[] = {
        [H5T_INTEGER] = "integer", [H5T_FLOAT] = "float", [H5T_STRING] = "string"};
    H5T_class_t c = H5Tget_class(type);
    bool known = c >= 0 && (size_t)c < sizeof kinds / sizeof *kinds && kinds[c];
    if (c == H5T_STRING && H5Tis_variable_str(type) > 0)
        snprintf(out, 64, "variable-length string");
    else
        snprintf(out, 64, "%zu-bit %s%s", 8 * H5Tget_size(type), known ? kinds[c] : "value",
                 c == H5T_INTEGER && H5Tget_sign(type) == H5T_SGN_NONE ? " without sign" : "");
}
