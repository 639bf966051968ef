/* Structures, alignments and sequences are recognised as such (data-prep/formats/content.h); here
 * it is said why they are not enough, and pickles of other features are looked into. */
#include "data-prep/psicov/others.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/content.h"
#include "data-prep/formats/pickle.h"

enum { FEATURES_MOST = 512 << 20 };

static const char want[] =
    "deepcov.lst, psicov.lst, deepcov/ and psicov/ as in the released protein.zip, or a directory "
    "that has features/ID.pkl and distance/ID-cb.npy in it. PDNet's programs made these from "
    "alignments and structures, which are not read";

static const char *const features[] = {"ss",      "pssm",    "sa",        "entropy",
                                       "ccmpred", "freecon", "potential", NULL};

/* Says which features a pickle has and which it lacks; AF_OK: it has all of them, or none. */
static af_status refuse_features(const char *path)
{
    char *data, have[128] = "", lack[128] = "";
    size_t size;
    af_pickle *p;
    AF_TRY(af_file_read(&data, &size, path, FEATURES_MOST));
    af_status st = af_pickle_parse(&p, data, size, path);
    if (st == AF_OK) {
        for (const char *const *f = features; *f; f++) {
            char *to = af_pickle_get(af_pickle_root(p), *f) ? have : lack;
            const size_t at = strlen(to);
            snprintf(to + at, sizeof have - at, "%s%s", at ? ", " : "", *f);
        }
        if (*have && *lack)
            st = af_fail(AF_EFORMAT,
                         "%s: features of one protein with %s but without %s: another set of "
                         "features than PDNet's, such as realdist's; want %s",
                         path, have, lack, want);
        af_pickle_free(p);
    }
    af_free(data);
    return st;
}

/* A directory is refused for the first pickle in it, if that is of other features. */
static af_status look_for_features(const char *directory)
{
    char path[AF_PATH_MAX], **names;
    size_t count;
    AF_TRY(af_dir_list(&names, &count, directory));
    af_status st = AF_OK;
    size_t k = 0;
    while (k < count && !af_path_ends(names[k], ".pkl")) k++;
    if (k < count) st = af_path_join(path, directory, names[k]);
    if (k < count && st == AF_OK) st = refuse_features(path);
    af_free(names);
    return st;
}

af_status af_psicov_refuse(const char *path)
{
    if (af_dir_exists(path)) {
        AF_TRY(look_for_features(path));
    } else if (af_file_exists(path)) {
        af_content kind;
        AF_TRY(af_content_of(&kind, path));
        if (kind == AF_CONTENT_PICKLE) AF_TRY(refuse_features(path));
    }
    return af_refuse(path, want);
}
