/* Arrays of a user's HDF5 file, in whatever layout and compression it has, converted by HDF5. Links
 * and storage that lead to other files are refused. HDF5 crashes on some damaged files, so it reads
 * in a process of its own: once to see what is there, once to convert. */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/apart.h"
#include "core/base/file.h"
#include "data-prep/own/array.h"

enum {
    RATIO = 1032,        /* deflate's best */
    OVERHEAD = 1 << 16,  /* what structure takes */
    WORKING = 256 << 20, /* what HDF5 may take beside the data */
};

/* What is wanted, and what was found; shared with the process that reads. */
typedef struct job {
    char path[AF_PATH_MAX];
    const af_own_source *source;
    af_own_use use;
    af_own_type type;
    int rank;
    int64_t shape[AF_OWN_RANK];
    size_t bytes; /* of room for the values, behind the job; 0: it is only looked at */
} job;

typedef struct opened {
    const char *path;
    hid_t file, set, space, type, plan;
} opened;

static af_status names_of(const opened *o, const char *key)
{
    char list[256] = "", name[64];
    H5G_info_t info;
    if (H5Gget_info(o->file, &info) < 0) info.nlinks = 0;
    for (hsize_t k = 0; k < info.nlinks && k < 10; k++) {
        const size_t used = strlen(list);
        if (H5Lget_name_by_idx(o->file, ".", H5_INDEX_NAME, H5_ITER_INC, k, name, sizeof name,
                               H5P_DEFAULT) > 0)
            snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", name);
    }
    if (!key)
        return af_fail(AF_EFORMAT, "%s: say which array with `key:`; it holds: %s", o->path, list);
    return af_fail(AF_ENOTFOUND, "%s: no array '%.60s'; it holds: %s", o->path, key, list);
}

/* Every link on the way is a hard one: others may lead anywhere. */
static bool hard_links(hid_t file, const char *key)
{
    char part[256];
    if (strlen(key) >= sizeof part) return false;
    for (const char *p = key + strspn(key, "/"); *p; p += strspn(p, "/")) {
        H5L_info_t info;
        p += strcspn(p, "/");
        snprintf(part, sizeof part, "%.*s", (int)(p - key), key);
        if (H5Lexists(file, part, H5P_DEFAULT) <= 0) return false;
        if (H5Lget_info(file, part, &info, H5P_DEFAULT) < 0 || info.type != H5L_TYPE_HARD)
            return false;
    }
    return key[strspn(key, "/")] != '\0';
}

static af_status open_set(opened *o, const char *key)
{
    o->file = H5Fopen(o->path, H5F_ACC_RDONLY, H5P_DEFAULT);
    if (o->file < 0)
        return af_fail(AF_EFORMAT, "%s: no whole HDF5 file; it is damaged or cut short", o->path);
    if (!key || !hard_links(o->file, key)) return names_of(o, key);
    o->set = H5Dopen2(o->file, key, H5P_DEFAULT);
    if (o->set < 0) return names_of(o, key);
    o->space = H5Dget_space(o->set);
    o->type = H5Dget_type(o->set);
    o->plan = H5Dget_create_plist(o->set);
    if (o->space < 0 || o->type < 0 || o->plan < 0)
        return af_fail(AF_EFORMAT, "%s: '%s' cannot be read; it is damaged", o->path, key);
    if (H5Pget_external_count(o->plan) != 0 || H5Pget_layout(o->plan) == H5D_VIRTUAL)
        return af_fail(AF_EFORMAT, "%s: '%s' lies in other files; write it into one", o->path, key);
    return AF_OK;
}

static void close_set(opened *o)
{
    if (o->plan >= 0) H5Pclose(o->plan);
    if (o->type >= 0) H5Tclose(o->type);
    if (o->space >= 0) H5Sclose(o->space);
    if (o->set >= 0) H5Dclose(o->set);
    if (o->file >= 0) H5Fclose(o->file);
}

static af_status type_of(af_own_type *out, const opened *o, const char *key, af_own_use use)
{
    const H5T_class_t class = H5Tget_class(o->type);
    const size_t width = H5Tget_size(o->type);
    const bool is_signed = class == H5T_INTEGER && H5Tget_sign(o->type) == H5T_SGN_2;
    if (class == H5T_STRING && use == AF_OWN_CODES && H5Tis_variable_str(o->type) == 0) {
        *out = AF_OWN_TEXT;
        return AF_OK;
    }
    if (class != H5T_INTEGER && class != H5T_FLOAT)
        return af_fail(AF_EFORMAT, "%s: '%s' holds no %s", o->path, key,
                       use == AF_OWN_VALUES ? "integers or floats"
                                            : "integers, floats or texts of fixed length");
    *out = use == AF_OWN_CODES                                ? AF_OWN_DOUBLE
           : class == H5T_INTEGER && width == 1 && !is_signed ? AF_OWN_UINT8
           : class == H5T_INTEGER && width <= 2 && is_signed  ? AF_OWN_INT16
                                                              : AF_OWN_FLOAT32;
    return AF_OK;
}

static af_status read_values(const opened *o, const char *key, const job *j, void *to)
{
    const hid_t memory[] = {[AF_OWN_UINT8] = H5T_NATIVE_UCHAR,
                            [AF_OWN_INT16] = H5T_NATIVE_SHORT,
                            [AF_OWN_FLOAT32] = H5T_NATIVE_FLOAT,
                            [AF_OWN_DOUBLE] = H5T_NATIVE_DOUBLE};
    const bool text = j->type == AF_OWN_TEXT;
    hid_t type = text ? H5Tcopy(H5T_C_S1) : memory[j->type];
    if (text) H5Tset_size(type, AF_ID_MAX);
    if (text) H5Tset_cset(type, H5Tget_cset(o->type));
    const herr_t done = H5Dread(o->set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, to);
    if (text) H5Tclose(type);
    if (done >= 0) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "%s: '%s' cannot be read; it is damaged, or its compression is not built in",
                   o->path, key);
}

/* What it takes in the file bounds how much there is. Chunks may be deflated, and those that were
 * never written are not there at all. */
static af_status check_room(const opened *o, const job *j, const char *key)
{
    struct stat info;
    const uint64_t stored = H5Dget_storage_size(o->set);
    if (stat(o->path, &info)) return af_file_fail(o->path, "cannot read");
    const uint64_t size = (uint64_t)info.st_size, inside = stored < size ? stored : size;
    uint64_t left = H5Pget_layout(o->plan) == H5D_CHUNKED ? (inside + OVERHEAD) * RATIO : inside;
    left /= H5Tget_size(o->type) ? H5Tget_size(o->type) : 1;
    for (int k = 0; k < j->rank; k++) left /= j->shape[k] ? (uint64_t)j->shape[k] : 1;
    if (left >= 1) return AF_OK;
    return af_fail(
        AF_EFORMAT,
        "%s: '%s' claims more elements than the %llu bytes that it takes in the file can "
        "hold; it is damaged, or was never written",
        o->path, key, (unsigned long long)inside);
}

static af_status look(const opened *o, job *j, const char *key)
{
    hsize_t dims[H5S_MAX_RANK] = {0};
    j->rank = H5Sget_simple_extent_dims(o->space, dims, NULL);
    if (j->rank < 1 || j->rank > AF_OWN_RANK)
        return af_fail(AF_EFORMAT, "%s: '%s' has %d axes, want 1 to %d", o->path, key, j->rank,
                       AF_OWN_RANK);
    for (int k = 0; k < j->rank; k++)
        j->shape[k] = dims[k] < INT64_MAX ? (int64_t)dims[k] : INT64_MAX;
    AF_TRY(type_of(&j->type, o, key, j->use));
    if (j->type == AF_OWN_TEXT && (j->rank != 1 || H5Tget_size(o->type) >= AF_ID_MAX))
        return af_fail(AF_EFORMAT, "%s: '%s', want one text of at most 63 bytes a sample", o->path,
                       key);
    return check_room(o, j, key);
}

/* The file may have become another one since it was looked at. */
static af_status look_again(const opened *o, const job *j, const char *key)
{
    job now = *j;
    AF_TRY(look(o, &now, key));
    if (now.type == j->type && now.rank == j->rank &&
        !memcmp(now.shape, j->shape, sizeof now.shape))
        return AF_OK;
    return af_fail(AF_EFORMAT, "%s: '%s' changed while it was read; try again", o->path, key);
}

/* In the child. */
static af_status work(void *payload)
{
    job *j = payload;
    opened o = {j->path, -1, -1, -1, -1, -1};
    af_hdf5_quiet();
    af_status st = open_set(&o, j->source->key);
    if (st == AF_OK)
        st = j->bytes ? look_again(&o, j, j->source->key) : look(&o, j, j->source->key);
    if (st == AF_OK && j->bytes) st = read_values(&o, j->source->key, j, j + 1);
    close_set(&o);
    return st;
}

static af_status check_finite(const af_own_array *a, const char *path, const char *key)
{
    for (int64_t i = 0; a->type != AF_OWN_TEXT && i < a->count; i++)
        if (!isfinite(af_own_element(a, i)))
            return af_fail(AF_EFORMAT, "%s: '%s': element %lld is not a finite number", path, key,
                           (long long)i);
    return AF_OK;
}

static af_status read_into(af_own_array *out, const job *found)
{
    const size_t bytes = af_own_array_bytes(out), size = sizeof(job) + bytes;
    job *j = af_apart_alloc(size);
    if (!j) return AF_ENOMEM;
    *j = *found;
    j->bytes = bytes;
    af_status st = af_apart(j->path, 2 * bytes + WORKING, work, j);
    if (st == AF_OK) memcpy(out->data, j + 1, bytes);
    af_apart_free(j, size);
    if (st != AF_OK) return st;
    return check_finite(out, found->path, found->source->key);
}

af_status af_own_read_hdf5(af_own_array *out, const char *path, const af_own_source *s,
                           af_own_use use)
{
    job *j = af_apart_alloc(sizeof *j);
    if (!j) return AF_ENOMEM;
    j->source = s;
    j->use = use;
    af_status st = af_path_format(j->path, "%s", path);
    if (st == AF_OK) st = af_apart(path, WORKING, work, j);
    if (st == AF_OK) st = af_own_array_new(out, j->type, j->rank, j->shape, UINT64_MAX, path);
    if (st == AF_OK) st = read_into(out, j);
    af_apart_free(j, sizeof *j);
    return st;
}
