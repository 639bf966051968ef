/* Opening a dataset never crashes, whatever the file holds. An input that starts like an HDF5 file
 * is taken as the file; any other is a list of changes to a good one, three bytes each (position in
 * 1/65536 of the file, value), so that the fuzzer starts behind the first checks; its size decides
 * which type /x of that file has. Values that pass the checks must be usable: every sample is read.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "tests/aid/toy.c"

/* HDF5 itself leaks when it meets damaged metadata. */
const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
    return "leak:libhdf5";
}

static char directory[] = "/tmp/afield-fuzz-XXXXXX";
static char path[AF_PATH_MAX];
static char *good[AF_STORED_TYPES];
static size_t good_size[AF_STORED_TYPES];

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

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    static toy t;
    (void)argc, (void)argv;
    must(mkdtemp(directory) && !atexit(clean));
    must(af_dataset_path(path, directory, toy_labels.name, AF_MAIN) == AF_OK);
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        toy_fill(&t, &toy_labels);
        toy_store_as(&t, type);
        must(af_dataset_write(directory, &t.content) == AF_OK);
        must(af_file_read(&good[type], &good_size[type], path, 1 << 20) == AF_OK);
    }
    return 0;
}

static void put(const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    must(f && fwrite(data, 1, size, f) == size && !fclose(f));
}

static void put_changed(const uint8_t *changes, size_t size)
{
    const size_t type = size % AF_STORED_TYPES, all = good_size[type];
    char *copy = af_alloc(all);
    must(copy);
    memcpy(copy, good[type], all);
    for (size_t i = 0; i + 3 <= size; i += 3)
        copy[(changes[i] * 256u + changes[i + 1]) * all / 65536] = (char)changes[i + 2];
    put(copy, all);
    af_free(copy);
}

static double use(const af_dataset *d)
{
    double sum = 0;
    const int64_t size = af_shape_size(d->input);
    float *room = af_alloc((size_t)size * sizeof *room);
    must(room);
    for (int s = 0; s < AF_SPLITS; s++)
        for (int64_t k = 0; k < d->split[AF_CLEAN][s].count; k++) {
            const int64_t i = d->split[AF_CLEAN][s].i[k];
            const float *x = af_dataset_sample(d, i, room);
            for (int64_t e = 0; e < size; e++) sum += x[e];
            sum += ((const int32_t *)d->y)[i] + (double)strlen(d->ids + i * AF_ID_MAX);
            if (d->group) sum += d->group[i];
        }
    af_free(room);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    af_dataset *d;
    if (size >= 4 && !memcmp(data, "\x89HDF", 4))
        put(data, size);
    else
        put_changed(data, size);
    if (af_dataset_open(&d, directory, &toy_labels, AF_MAIN) != AF_OK) return 0;
    if (!isfinite(use(d))) abort(); /* the checks let no other values through */
    af_dataset_close(d);
    return 0;
}
