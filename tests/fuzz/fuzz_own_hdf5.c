/* Hostile HDF5 files of a user. The first byte chooses which array is asked for. If the rest starts
 * like HDF5 it is the file; else it is a list of changes to a good one, three bytes each (position
 * in 1/65536 of the file, value), so that the fuzzer starts behind the first checks. The good file
 * has arrays that are contiguous, chunked and deflated, compact, and of texts. HDF5 crashes on many
 * of these, in the process that reads; here each must be an error, or values that are finite. */
#include <hdf5.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/data/dataset.h"
#include "data-prep/own/array.h"

enum { N = 24, WIDE = 5, MOST_ARGUMENTS = 64 };
static const char *const keys[] = {"/plain", "/deep/packed", "/small", "/names", "/link", NULL};
enum { KEYS = sizeof keys / sizeof *keys };
static char directory[] = "/tmp/afield-fuzz-XXXXXX";
static char path[AF_PATH_MAX];
static char *good;
static size_t good_size;

static void must(bool ok)
{
    if (ok) return;
    fprintf(stderr, "cannot prepare: %s\n", af_error());
    abort();
}

static void clean(void)
{
    unlink(path);
    rmdir(directory);
}

static void add(hid_t f, const char *name, hid_t type, H5D_layout_t layout, const void *data)
{
    const hsize_t dims[2] = {N, WIDE}, chunk[2] = {7, WIDE};
    const bool text = H5Tget_class(type) == H5T_STRING;
    hid_t space = H5Screate_simple(text ? 1 : 2, dims, NULL), plan = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_layout(plan, layout);
    if (layout == H5D_CHUNKED) H5Pset_chunk(plan, 2, chunk);
    if (layout == H5D_CHUNKED) H5Pset_shuffle(plan);
    if (layout == H5D_CHUNKED) H5Pset_deflate(plan, 6);
    hid_t set = H5Dcreate2(f, name, type, space, H5P_DEFAULT, plan, H5P_DEFAULT);
    must(set >= 0 && H5Dwrite(set, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, data) >= 0);
    H5Dclose(set);
    H5Pclose(plan);
    H5Sclose(space);
}

static void write_good(void)
{
    float x[N * WIDE];
    uint8_t y[N * WIDE];
    char names[N][8] = {{0}};
    for (int i = 0; i < N * WIDE; i++) x[i] = (float)(i % 9), y[i] = (uint8_t)(i % 3);
    for (int i = 0; i < N; i++) snprintf(names[i], sizeof names[i], "s%02d", i);
    hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
    must(f >= 0);
    hid_t text = H5Tcopy(H5T_C_S1), group = H5Gcreate2(f, "/deep", 0, 0, 0);
    H5Tset_size(text, sizeof *names);
    add(f, "/plain", H5T_NATIVE_FLOAT, H5D_CONTIGUOUS, x);
    add(f, "/deep/packed", H5T_NATIVE_FLOAT, H5D_CHUNKED, x);
    add(f, "/small", H5T_NATIVE_UINT8, H5D_COMPACT, y);
    add(f, "/names", text, H5D_CONTIGUOUS, names);
    must(H5Lcreate_external("/etc/hostname", "/plain", f, "/link", H5P_DEFAULT, H5P_DEFAULT) >= 0);
    H5Gclose(group);
    H5Tclose(text);
    must(H5Fclose(f) >= 0);
}

static void put(const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(data, 1, size, f) == size && !fclose(f));
}

static void put_changed(const uint8_t *changes, size_t size)
{
    char *copy = af_alloc(good_size);
    must(copy);
    memcpy(copy, good, good_size);
    for (size_t i = 0; i + 3 <= size; i += 3)
        copy[(changes[i] * 256u + changes[i + 1]) * good_size / 65536] = (char)changes[i + 2];
    put(copy, good_size);
    af_free(copy);
}

/* Whether it was read. */
static bool ask(const char *key, af_own_use use)
{
    const af_own_source s = {.file = path, .key = key};
    af_own_array a = {0};
    af_status st = af_own_read_hdf5(&a, path, &s, use);
    if (st != AF_OK && !strstr(af_error(), path)) abort();
    size_t n = 0;
    for (int64_t i = 0; st == AF_OK && i < a.count; i++)
        if (a.type == AF_OWN_TEXT)
            n += strnlen((const char *)a.data + i * AF_ID_MAX, AF_ID_MAX);
        else if (!isfinite(af_own_element(&a, i)))
            abort();
    if (n > (size_t)a.count * AF_ID_MAX) abort();
    af_own_array_close(&a);
    return st == AF_OK;
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    /* what HDF5 asks for in the other process, where nothing else limits it, is no finding */
    static char limit[] = "-malloc_limit_mb=100000", *given[MOST_ARGUMENTS];
    must(*argc < MOST_ARGUMENTS - 1);
    memcpy(given, *argv, (size_t)*argc * sizeof *given);
    given[(*argc)++] = limit;
    *argv = given;
    af_hdf5_quiet();
    must(mkdtemp(directory) && !atexit(clean));
    must(af_path_join(path, directory, "fuzz.h5") == AF_OK);
    write_good();
    must(af_file_read(&good, &good_size, path, 1 << 20) == AF_OK);
    for (int k = 0; k < KEYS; k++) { /* texts are no values, and the link leads elsewhere */
        must(ask(keys[k], AF_OWN_VALUES) == (k < 3));
        must(ask(keys[k], AF_OWN_CODES) == (k < 4));
    }
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!size) return 0;
    const int choice = data[0] % (2 * KEYS);
    data++;
    size--;
    if (size >= 4 && !memcmp(data, "\x89HDF", 4))
        put(data, size);
    else
        put_changed(data, size);
    ask(keys[choice / 2], choice % 2 ? AF_OWN_CODES : AF_OWN_VALUES);
    return 0;
}
