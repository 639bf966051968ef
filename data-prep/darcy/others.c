/* Of a file of PyTorch only the pickle is read, which describes the tensors. */
#include "data-prep/darcy/others.h"
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/archive.h"
#include "data-prep/formats/content.h"
#include "data-prep/formats/pickle.h"

enum { PICKLE_MOST = 1 << 20 };

static const char want[] =
    "piececonst_r421_N1024_smooth1.mat (training) and ..._smooth2.mat (test) in a directory, or "
    "one .mat file of version 5 or 7.3 with coeff and sol, 421 x 421 or 85 x 85 a sample";

typedef struct found {
    const char *path;
    size_t samples, rows, columns; /* of the fields; 0: none seen */
} found;

static bool is_pickle(const char *member)
{
    return af_path_ends(member, "/data.pkl");
}

/* The library's files: a dict of x and y, samples x rows x columns. */
static af_status look(const char *member, const void *data, size_t size, void *self)
{
    found *f = self;
    af_pickle *p;
    (void)member;
    AF_TRY(af_pickle_parse_torch(&p, data, size, f->path));
    const af_pickle_value *x = af_pickle_get(af_pickle_root(p), "x"),
                          *y = af_pickle_get(af_pickle_root(p), "y");
    const bool fields = x && y && x->kind == AF_PICKLE_TENSOR && y->kind == AF_PICKLE_TENSOR &&
                        x->tensor->rank == 3 && y->tensor->rank == 3;
    if (fields) {
        f->samples = x->tensor->shape[0];
        f->rows = x->tensor->shape[1];
        f->columns = x->tensor->shape[2];
    }
    af_pickle_free(p);
    return AF_OK;
}

static af_status refuse_torch(const char *path)
{
    found f = {.path = path};
    if (af_archive_each(path, PICKLE_MOST, is_pickle, look, &f) != AF_OK || !f.samples)
        return af_refuse(path, want);
    return af_fail(
        AF_EFORMAT,
        "%s: a PyTorch file as of the neuraloperator library, %zu samples of coefficient "
        "and solution on a grid of %zu x %zu: another grid than the task's 85 x 85 of "
        "421 x 421, so another task; want %s",
        path, f.samples, f.rows, f.columns, want);
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
