/* Pickles and object arrays come from anywhere: the safe readers give values, and here every kind,
 * shape and range is looked at before it is used. */
#include "data-prep/psicov/pdnet.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/npy.h"

static const size_t largest = (size_t)512 << 20;
static const double bound = 100; /* NAS-Bench-360 asserts this of every feature */

typedef struct raw { /* a file in memory */
    char path[AF_PATH_MAX], *data;
    size_t size;
} raw;

static af_status raw_open(raw *f, const char *root, const char *directory, const char *id,
                          const char *ending)
{
    *f = (raw){.data = NULL};
    AF_TRY(af_path_format(f->path, "%s/%s/%s%s", root, directory, id, ending));
    return af_file_read(&f->data, &f->size, f->path, largest);
}

static af_status add_sha256(af_sha256 *files, const raw *f)
{
    char hex[AF_SHA256_HEX];
    af_sha256 *h = af_sha256_new();
    if (!h) return AF_ENOMEM;
    af_sha256_add(h, f->data, f->size);
    af_sha256_end(h, hex);
    af_sha256_addf(files, "%s %s\n", af_path_name(f->path), hex);
    return AF_OK;
}

static af_status open_distances(af_npy *npy, const raw *f, int *length)
{
    AF_TRY(af_npy_parse(npy, f->data, f->size, f->path));
    const af_pickle_array *a = &npy->array;
    const bool good = a->items && a->count == 3 && a->items[0]->kind == AF_PICKLE_INT &&
                      a->items[2]->kind == AF_PICKLE_ARRAY && a->items[2]->array->data;
    if (!good) {
        char text[AF_NPY_SHAPE_TEXT];
        af_status st =
            af_fail(AF_EFORMAT, "%s: %s, want three objects: length, sequence, distances", f->path,
                    af_npy_shape_text(text, a));
        af_npy_close(npy);
        return st;
    }
    const int64_t n = a->items[0]->integer;
    const af_pickle_array *far = a->items[2]->array;
    if (n >= AF_PSICOV_LENGTH_MIN && n <= AF_PSICOV_LENGTH_MAX && far->rank == 2 &&
        far->shape[0] == (size_t)n && far->shape[1] == (size_t)n) {
        *length = (int)n;
        return AF_OK;
    }
    char text[AF_NPY_SHAPE_TEXT];
    af_status st = af_fail(AF_EFORMAT,
                           "%s: length %lld, distances %s, want %d to %d and a square of that side",
                           f->path, (long long)n, af_npy_shape_text(text, far),
                           AF_PSICOV_LENGTH_MIN, AF_PSICOV_LENGTH_MAX);
    af_npy_close(npy);
    return st;
}

static af_status read_distances(af_protein *p, const af_npy *npy, const raw *f)
{
    const af_pickle_array *far = npy->array.items[2]->array;
    for (size_t e = 0; e < far->count; e++) {
        const double v = af_pickle_element(far, e);
        if (!isnan(v) && !(v >= 0 && v < 1e5))
            return af_fail(AF_EFORMAT, "%s: distance %zu, %zu is %g, want 0 to 100000 or NAN",
                           f->path, e / far->shape[1], e % far->shape[1], v);
        p->far[e] = (float)v;
    }
    return AF_OK;
}

/* Element e of an array of numbers or of a list of them; NAN when it is none. */
static double element(const af_pickle_value *v, size_t e)
{
    if (v->kind == AF_PICKLE_ARRAY) return af_pickle_element(v->array, e);
    const af_pickle_value *item = v->items[e];
    if (item->kind == AF_PICKLE_FLOAT) return item->real;
    return item->kind == AF_PICKLE_INT ? (double)item->integer : NAN;
}

static bool is_shaped(const af_pickle_value *v, size_t rows, size_t columns)
{
    if (v->kind == AF_PICKLE_LIST) return rows == 1 && v->count == columns;
    if (v->kind != AF_PICKLE_ARRAY) return false;
    const af_pickle_array *a = v->array;
    if (a->rank == 1) return rows == 1 && a->shape[0] == columns;
    return a->rank == 2 && a->shape[0] == rows && a->shape[1] == columns;
}

/* A member of the dict into out[r * row_step + c * column_step]. */
static af_status read_member(float *out, size_t row_step, size_t column_step,
                             const af_pickle_value *dict, const char *name, size_t rows,
                             size_t columns, const raw *f)
{
    const af_pickle_value *v = af_pickle_get(dict, name);
    if (!v || !is_shaped(v, rows, columns)) {
        char text[AF_NPY_SHAPE_TEXT] = "missing";
        if (v && v->kind == AF_PICKLE_ARRAY)
            af_npy_shape_text(text, v->array);
        else if (v)
            snprintf(text, sizeof text, "a %s", af_pickle_kind_names[v->kind]);
        return af_fail(AF_EFORMAT, "%s: '%s' is %s, want numbers {%zu, %zu}", f->path, name, text,
                       rows, columns);
    }
    for (size_t r = 0; r < rows; r++)
        for (size_t c = 0; c < columns; c++) {
            const double x = element(v, r * columns + c);
            /* NAN is 0, as in NAS-Bench-360; a text is not */
            const bool number =
                v->kind == AF_PICKLE_ARRAY
                    ? v->array->data && v->array->dtype.kind != 'S' && v->array->dtype.kind != 'U'
                    : v->items[c]->kind == AF_PICKLE_FLOAT || v->items[c]->kind == AF_PICKLE_INT;
            if (!number || (!isnan(x) && !(x > -bound && x < bound)))
                return af_fail(AF_EFORMAT,
                               "%s: '%s' is %g at row %zu, column %zu, want numbers between -%g "
                               "and %g",
                               f->path, name, x, r, c, bound, bound);
            out[r * row_step + c * column_step] = isnan(x) ? 0 : (float)x;
        }
    return AF_OK;
}

static af_status read_features(af_protein *p, const raw *f)
{
    const size_t n = (size_t)p->length;
    af_pickle *pickle;
    af_status st;
    AF_TRY(af_pickle_parse(&pickle, f->data, f->size, f->path));
    const af_pickle_value *d = af_pickle_root(pickle);
    AF_GOTO(st, done, read_member(p->row + AF_PSICOV_SS * n, n, 1, d, "ss", 3, n, f));
    AF_GOTO(st, done, read_member(p->row + AF_PSICOV_PSSM * n, 1, n, d, "pssm", n, 22, f));
    AF_GOTO(st, done, read_member(p->row + AF_PSICOV_SA * n, n, 1, d, "sa", 1, n, f));
    AF_GOTO(st, done, read_member(p->row + AF_PSICOV_ENTROPY * n, n, 1, d, "entropy", 1, n, f));
    AF_GOTO(st, done, read_member(p->map + AF_PSICOV_CCMPRED * n * n, n, 1, d, "ccmpred", n, n, f));
    AF_GOTO(st, done,
            read_member(p->map + AF_PSICOV_FREECONTACT * n * n, n, 1, d, "freecon", n, n, f));
    st = read_member(p->map + AF_PSICOV_POTENTIAL * n * n, n, 1, d, "potential", n, n, f);
done:
    af_pickle_free(pickle);
    return st;
}

af_status af_pdnet_length(int *length, const char *root, const char *id)
{
    raw f;
    af_npy npy;
    AF_TRY(raw_open(&f, root, "distance", id, "-cb.npy"));
    af_status st = open_distances(&npy, &f, length);
    if (st == AF_OK) af_npy_close(&npy);
    af_free(f.data);
    return st;
}

af_status af_pdnet_read(af_protein *out, const char *root, const char *id, af_sha256 *files)
{
    raw features = {.data = NULL}, distances;
    af_npy npy;
    int length;
    AF_TRY(raw_open(&distances, root, "distance", id, "-cb.npy"));
    af_status st = open_distances(&npy, &distances, &length);
    if (st == AF_OK) {
        st = af_protein_new(out, length);
        if (st == AF_OK) st = read_distances(out, &npy, &distances);
        af_npy_close(&npy);
    }
    if (st == AF_OK) st = raw_open(&features, root, "features", id, ".pkl");
    if (st == AF_OK) st = read_features(out, &features);
    if (st == AF_OK) st = add_sha256(files, &features);
    if (st == AF_OK) st = add_sha256(files, &distances);
    if (st == AF_OK) af_protein_tidy(out);
    af_free(features.data);
    af_free(distances.data);
    if (st != AF_OK) af_protein_free(out);
    return st;
}
