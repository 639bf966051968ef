/* What holds a dataset's two files together. The main file names the held-out one by its checksum,
 * so files of two preparations, or of one that was cut short, are never taken for a pair. */
#include <string.h>
#include "core/base/file.h"
#include "core/data/check.h"
#include "core/data/hdf5.h"
#include "core/data/names.h"

static af_status check_attribute(const af_dataset *main)
{
    if (main->held_out_sha256[0]) return AF_OK;
    af_status st =
        af_fail(AF_EFORMAT, "attribute 'held_out_sha256': missing, so what belongs to this file "
                            "is not known; prepare both anew");
    return af_dataset_explain(st, main->path, main);
}

af_status af_dataset_complete(const af_dataset *main, const char *directory)
{
    char path[AF_PATH_MAX];
    AF_TRY(af_dataset_path(path, directory, main->task, AF_HELD_OUT));
    AF_TRY(check_attribute(main));
    if (af_file_exists(path)) return AF_OK;
    af_status st = af_fail(AF_ENOTFOUND, "missing, but %s is there; prepare both anew", main->path);
    return af_dataset_explain(st, path, main);
}

af_status af_dataset_match(const af_dataset *main, const af_dataset *held_out)
{
    AF_TRY(check_attribute(main));
    const bool same = main->size == held_out->size && main->dense == held_out->dense &&
                      !strcmp(main->provenance, held_out->provenance) &&
                      af_shape_same(main->input, held_out->input) &&
                      af_shape_same(main->output, held_out->output);
    if (same && !strcmp(main->held_out_sha256, held_out->sha256)) return AF_OK;
    af_status st = af_fail(AF_EFORMAT,
                           "does not belong to %s: its sha256 is %.16s..., want %.16s...%s; "
                           "prepare both anew",
                           main->path, held_out->sha256, main->held_out_sha256,
                           same ? "" : ", and the same size, provenance and shapes");
    return af_dataset_explain(st, held_out->path, main);
}

af_status af_dataset_provenance(char out[AF_PROVENANCE_MAX], const char *directory,
                                const char *task, af_dataset_part part)
{
    char path[AF_PATH_MAX];
    af_mapping *m;
    AF_TRY(af_dataset_path(path, directory, task, part));
    AF_TRY(af_mapping_open(&m, path));
    af_status st = af_mapping_text(m, "provenance", out, AF_PROVENANCE_MAX);
    af_mapping_close(m);
    return st == AF_OK ? AF_OK : af_fail(st, "%s: %s", path, af_error());
}

af_status af_dataset_outdated(bool *out, const char *directory, const char *task,
                              af_dataset_part part)
{
    char path[AF_PATH_MAX];
    af_mapping *m;
    int64_t format = AF_DATASET_FORMAT;
    AF_TRY(af_dataset_path(path, directory, task, part));
    AF_TRY(af_mapping_open(&m, path));
    af_status st = af_mapping_integer(m, "format", &format);
    af_mapping_close(m);
    *out = format < AF_DATASET_FORMAT;
    return st == AF_OK ? AF_OK : af_fail(st, "%s: %s", path, af_error());
}
