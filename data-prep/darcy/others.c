/* `afield data import` makes a variant of the files of PyTorch, before it asks for the task itself;
 * so these words are for who asks for the task alone. */
#include "data-prep/darcy/others.h"
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/darcy/tensors.h"
#include "data-prep/formats/content.h"

static const char want[] =
    "piececonst_r421_N1024_smooth1.mat (training) and ..._smooth2.mat (test) in a directory, or "
    "one .mat file of version 5 or 7.3 with coeff and sol, 421 x 421 or 85 x 85 a sample";

static af_status refuse_torch(const char *path)
{
    af_darcy_tensors f;
    if (af_darcy_tensors_open(&f, path) != AF_OK) return af_refuse(path, want);
    const long long samples = (long long)f.count;
    const int grid = f.grid;
    af_darcy_tensors_close(&f);
    return af_fail(
        AF_EFORMAT,
        "%s: a PyTorch file as of the neuraloperator library, %lld samples of coefficient "
        "and solution on a grid of %d x %d: another grid than the task's 85 x 85 of "
        "421 x 421, so another task; want %s",
        path, samples, grid, grid, want);
}

static af_status refuse_file(const char *path)
{
    af_content kind;
    AF_TRY(af_content_of(&kind, path));
    return kind == AF_CONTENT_TORCH ? refuse_torch(path) : af_refuse(path, want);
}

/* A directory is refused for the first file of PyTorch in it, if there is one. */
static af_status refuse_directory(const char *directory)
{
    char path[AF_PATH_MAX], **names;
    size_t count;
    AF_TRY(af_dir_list(&names, &count, directory));
    af_status st = AF_OK;
    for (size_t k = 0; k < count && st == AF_OK; k++) {
        if (!af_path_ends(names[k], ".pt")) continue;
        st = af_path_join(path, directory, names[k]);
        if (st == AF_OK) st = refuse_file(path);
    }
    af_free(names);
    return st == AF_OK ? af_refuse(directory, want) : st;
}

af_status af_darcy_refuse(const char *path)
{
    if (af_dir_exists(path)) return refuse_directory(path);
    return af_file_exists(path) ? refuse_file(path) : af_refuse(path, want);
}
