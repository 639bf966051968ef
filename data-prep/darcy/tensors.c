#include "data-prep/darcy/tensors.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "data-prep/formats/content.h"

enum { GRID_LEAST = 4, GRID_MOST = 512, SAMPLES_MOST = 1 << 20, FEW = 20 };
static const size_t storage_most = (size_t)1 << 30;
static const float low = 3, high = 12; /* the two coefficients of the equation */

/* Strides of 0 would let a shape have any size; there is no use for them here. */
static const af_pickle_tensor *field_of(const af_torch *t, const char *key)
{
    const af_pickle_value *v = af_pickle_get(af_torch_root(t), key);
    const af_pickle_tensor *a = v && v->kind == AF_PICKLE_TENSOR ? v->tensor : NULL;
    const bool good = a && a->rank == 3 && a->shape[0] >= 1 && a->shape[0] <= SAMPLES_MOST &&
                      a->shape[1] >= GRID_LEAST && a->shape[1] <= GRID_MOST &&
                      a->shape[1] == a->shape[2] &&
                      a->shape[0] * a->shape[1] * a->shape[2] <= a->storage.count;
    return good ? a : NULL;
}

af_status af_darcy_tensors_open(af_darcy_tensors *out, const char *path)
{
    af_darcy_tensors f = {.file = NULL};
    AF_TRY(af_path_format(f.path, "%s", path));
    AF_TRY(af_torch_open(&f.file, path));
    f.x = field_of(f.file, "x");
    f.y = field_of(f.file, "y");
    if (!f.x || !f.y || memcmp(f.x->shape, f.y->shape, 3 * sizeof *f.x->shape) != 0) {
        af_darcy_tensors_close(&f);
        return af_fail(AF_EFORMAT,
                       "%s: no tensors x and y of one shape, samples x grid x grid with a grid of "
                       "%d to %d, each element stored, in it",
                       path, GRID_LEAST, GRID_MOST);
    }
    f.count = (int64_t)f.x->shape[0];
    f.grid = (int)f.x->shape[1];
    *out = f;
    return AF_OK;
}

void af_darcy_tensors_close(af_darcy_tensors *f)
{
    af_torch_close(f->file);
    *f = (af_darcy_tensors){0};
}

/* ---- which files ---- */

/* The files of a source; one file is both. main[0] '\0': none of PyTorch, or the task's own files
 * are there, too, and go first. */
static af_status find(char main[AF_PATH_MAX], char test[AF_PATH_MAX], const char *source)
{
    static const char train[] = "darcy_train_";
    char **names, name[256] = "";
    size_t count;
    int found = 0, official[2] = {0};
    main[0] = test[0] = '\0';
    if (!af_dir_exists(source)) {
        af_content kind = AF_CONTENT_OTHER;
        if (af_file_exists(source)) AF_TRY(af_content_of(&kind, source));
        if (kind != AF_CONTENT_TORCH) return AF_OK;
        AF_TRY(af_path_format(main, "%s", source));
        return af_path_format(test, "%s", source);
    }
    AF_TRY(af_dir_list(&names, &count, source));
    for (size_t k = 0; k < count; k++) {
        official[0] += af_path_ends(names[k], "smooth1.mat");
        official[1] += af_path_ends(names[k], "smooth2.mat");
        if (strncmp(names[k], train, sizeof train - 1) != 0 || !af_path_ends(names[k], ".pt"))
            continue;
        snprintf(name, sizeof name, "%.255s", names[k]);
        found++;
    }
    af_free(names);
    if (!found || (official[0] && official[1])) return AF_OK;
    if (found > 1)
        return af_fail(AF_EFORMAT, "%s: %d files darcy_train_*.pt; name a directory with one",
                       source, found);
    AF_TRY(af_path_join(main, source, name));
    char beside[AF_PATH_MAX];
    AF_TRY(af_path_format(beside, "%s/darcy_test_%s", source, name + sizeof train - 1));
    if (!af_file_exists(beside))
        return af_fail(AF_ENOTFOUND, "%s: not there; want it beside %s, or name that file alone",
                       beside, main);
    return af_path_format(test, "%s", beside);
}

af_status af_darcy_tensors_variant(af_variant *out, const af_prep_request *r)
{
    char main[AF_PATH_MAX], test[AF_PATH_MAX];
    af_darcy_tensors f;
    AF_TRY(find(main, test, r->source));
    if (!*main) return AF_OK;
    const af_status st = af_darcy_tensors_open(&f, main);
    if (st == AF_EFORMAT) return AF_OK; /* import says what it is */
    AF_TRY(st);
    const int grid = f.grid;
    af_darcy_tensors_close(&f);
    *out = (af_variant){
        .summary = r->task->summary,
        .notes =
            "From a file of PyTorch of the neuraloperator library: a dict of x, bools, and y. "
            "True is taken as the coefficient 12, false as 3: solved so, the equation agrees "
            "with y best; y has a unit of its own, about a hundredth of the parent's. Input "
            "and output are scaled as the parent's. Coordinates run from 0 to 1 over the grid, "
            "wherever its points lie. The last tenth of the training file validates; a single "
            "file is split 80 : 10 : 10 in its order.",
        .cite = "Kossaifi et al., A Library for Learning Neural Operators, 2024 (neuraloperator); "
                "Li et al., Fourier Neural Operator for Parametric Partial Differential Equations, "
                "ICLR 2021",
        .license = "MIT",
    };
    snprintf(out->name, sizeof out->name, "darcy_%d", grid);
    snprintf(out->title, sizeof out->title, "Darcy Flow on a grid of %d x %d", grid, grid);
    snprintf(out->holds, sizeof out->holds, "a grid of %d x %d", grid, grid);
    return AF_OK;
}

/* ---- samples ---- */

static af_status fill(af_darcy_samples *s, float *raw, const af_darcy_tensors *f, int64_t first)
{
    const size_t area = (size_t)f->grid * (size_t)f->grid;
    const bool bools = f->x->storage.dtype.kind == 'b';
    for (int64_t k = 0; k < s->count; k++)
        for (size_t p = 0; p < area; p++) {
            const float v = raw[(size_t)k * area + p];
            if (!bools && !(v > 0))
                return af_fail(AF_EFORMAT,
                               "%s: sample %lld has coefficient %g, want a positive one", f->path,
                               (long long)(first + k), (double)v);
            af_darcy_coefficient(s, k)[p] = bools ? (v != 0 ? high : low) : v;
        }
    AF_TRY(af_torch_floats(raw, f->file, f->y, (size_t)first, (size_t)s->count, storage_most));
    for (int64_t k = 0; k < s->count; k++)
        memcpy(af_darcy_solution(s, k), raw + (size_t)k * area, area * sizeof *raw);
    return AF_OK;
}

/* What the file says is found true before there is memory for it. */
static af_status read_samples(af_darcy_samples *out, const af_darcy_tensors *f, int64_t first,
                              int64_t count)
{
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)strcspn(af_path_name(f->path), "."),
             af_path_name(f->path));
    float *raw = af_alloc((size_t)count * (size_t)f->grid * (size_t)f->grid * sizeof *raw);
    af_status st = raw ? AF_OK : AF_ENOMEM;
    AF_GOTO(st, done, st);
    AF_GOTO(st, done,
            af_torch_floats(raw, f->file, f->x, (size_t)first, (size_t)count, storage_most));
    AF_GOTO(st, done, af_darcy_samples_new(out, count, f->grid, name, first));
    st = fill(out, raw, f, first);
    if (st != AF_OK) af_darcy_samples_free(out);
done:
    af_free(raw);
    return st;
}

static json_t *describe(const af_darcy_tensors *f)
{
    char hex[AF_SHA256_HEX];
    if (af_sha256_file(f->path, hex) != AF_OK) return NULL;
    return json_pack("{s:s, s:s, s:I, s:i}", "name", af_path_name(f->path), "sha256", hex,
                     "samples", (json_int_t)f->count, "grid", f->grid);
}

static af_status import_files(const af_prep_request *r, const af_darcy_tensors *main,
                              const af_darcy_tensors *test, int64_t most, int64_t most_test)
{
    const bool one = main == test;
    const af_darcy_shares n = one ? af_darcy_share_one(main->count, most + most_test)
                                  : af_darcy_share_two(main->count, most, test->count, most_test);
    if (main->grid != test->grid)
        return af_fail(AF_EFORMAT, "%s: a grid of %d, want the %d of %s", test->path, test->grid,
                       main->grid, main->path);
    if (n.train < 1)
        return af_fail(AF_EFORMAT, "%s: %lld samples, want at least 3 to split", main->path,
                       (long long)main->count);
    if (n.train < FEW)
        af_log(AF_LOG_WARN, "%s: %lld training samples, too few to learn from", r->task->name,
               (long long)n.train);
    af_darcy_samples a = {0}, b = {0};
    json_t *source = NULL;
    af_status st;
    AF_GOTO(st, done, read_samples(&a, main, 0, n.train + n.valid));
    AF_GOTO(st, done, read_samples(&b, test, n.test_first, n.test));
    source = one ? json_pack("{s:s, s:[o]}", "importer", "darcy", "files", describe(main))
                 : json_pack("{s:s, s:[oo]}", "importer", "darcy", "files", describe(main),
                             describe(test));
    const af_darcy_origin origin = {.provenance = "own", .source = source};
    st = source ? af_darcy_write(r, &a, n.train, &b, &origin) : AF_ENOMEM;
done:
    json_decref(source);
    af_darcy_samples_free(&a);
    af_darcy_samples_free(&b);
    return st;
}

af_status af_darcy_tensors_import(const af_prep_request *r, int64_t learn, int64_t test)
{
    char path[AF_PATH_MAX], second[AF_PATH_MAX];
    af_darcy_tensors a = {0}, b = {0};
    AF_TRY(find(path, second, r->source));
    if (!*path) return af_refuse(r->source, "darcy_train_N.pt and darcy_test_N.pt");
    AF_TRY(af_darcy_tensors_open(&a, path));
    const bool one = !strcmp(path, second);
    af_status st = one ? AF_OK : af_darcy_tensors_open(&b, second);
    if (st == AF_OK) st = import_files(r, &a, one ? &a : &b, learn, test);
    af_darcy_tensors_close(&a);
    af_darcy_tensors_close(&b);
    return st;
}
