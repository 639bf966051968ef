#include "data-prep/ecg/source.h"
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/ecg/physionet.h"
#include "data-prep/ecg/pickled.h"
#include "data-prep/formats/content.h"

static const char want[] =
    "a directory with A00001.mat ... and REFERENCE-v3.csv of the PhysioNet/CinC Challenge 2017, an "
    "archive of them (training2017.zip), or NAS-Bench-360's challenge2017.pkl";

/* The records are of MATLAB's version 4; a file of a later one is of something else. */
static af_status is_record(bool *out, const char *path)
{
    af_content kind = AF_CONTENT_OTHER;
    *out = af_path_ends(path, ".hea");
    if (*out || !af_path_ends(path, ".mat") || !af_file_exists(path)) return AF_OK;
    AF_TRY(af_content_of(&kind, path));
    *out = kind != AF_CONTENT_MAT5 && kind != AF_CONTENT_MAT73 && kind != AF_CONTENT_HDF5;
    return AF_OK;
}

static af_status look(bool *records, bool *pickle, const char *directory)
{
    char path[AF_PATH_MAX], **names;
    size_t count;
    *records = *pickle = false;
    AF_TRY(af_dir_list(&names, &count, directory));
    af_status st = AF_OK;
    for (size_t k = 0; k < count && st == AF_OK; k++) {
        st = af_path_join(path, directory, names[k]);
        if (st == AF_OK && !*records) st = is_record(records, path);
        *pickle = *pickle || !strcmp(names[k], af_ecg_pickle_name);
    }
    af_free(names);
    return st;
}

static af_status read_directory(af_ecg_records *out, json_t **source, const char *directory)
{
    char path[AF_PATH_MAX];
    bool records, pickle;
    AF_TRY(look(&records, &pickle, directory));
    AF_TRY(af_path_join(path, directory, af_ecg_pickle_name));
    if (records && pickle)
        return af_fail(AF_EFORMAT,
                       "%s: both records and %s are in it, the same data twice; name the file, or "
                       "move it elsewhere",
                       directory, af_ecg_pickle_name);
    if (pickle) return af_ecg_pickle_read(out, source, path);
    return records ? af_physionet_read(out, source, directory) : af_refuse(directory, want);
}

af_status af_ecg_source_read(af_ecg_records *out, json_t **source, const char *path)
{
    af_content kind = AF_CONTENT_OTHER;
    *out = (af_ecg_records){0};
    *source = NULL;
    if (af_dir_exists(path)) return read_directory(out, source, path);
    if (!af_file_exists(path)) return af_refuse(path, want);
    AF_TRY(af_content_of(&kind, path));
    if (kind == AF_CONTENT_PICKLE) return af_ecg_pickle_read(out, source, path);
    return kind == AF_CONTENT_ARCHIVE ? af_physionet_read(out, source, path)
                                      : af_refuse(path, want);
}
