/* Sequences and labels of a split are arrays of their own, in any order: each is converted as it
 * comes, and the counts are compared when all have been seen. Every value is checked, also of
 * sequences that are not kept. */
#include "data-prep/deepsea/filtered.h"
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/npz.h"

const char af_deepsea_file[] = "deepsea_filtered.npz";
static const char *const split_names[AF_SPLITS] = {"train", "val", "test"};

enum { MOST_WIDTH = 8, HEADER = 1 << 16 };

typedef struct reader {
    af_dna_set *set;
    const af_dna_layout *l;
    int64_t count[2][AF_SPLITS]; /* sequences of x and of y; 0: not seen */
} reader;

/* "x_train" ...; false: another array. */
static bool parse(const char *name, bool *is_y, int *split)
{
    if ((name[0] != 'x' && name[0] != 'y') || name[1] != '_') return false;
    *is_y = name[0] == 'y';
    for (*split = 0; *split < AF_SPLITS; ++*split)
        if (!strcmp(name + 2, split_names[*split])) return true;
    return false;
}

static bool wanted(const char *name)
{
    bool is_y;
    int split;
    return parse(name, &is_y, &split);
}

/* A byte a value, in C order: such arrays are read without conversion. */
static const uint8_t *plain(const af_pickle_array *a)
{
    return a->dtype.width == 1 && !a->fortran ? a->data : NULL;
}

/* 0 or 1; -1: neither. */
static int bit(const af_pickle_array *a, size_t i)
{
    const uint8_t *bytes = plain(a);
    if (bytes) return bytes[i] > 1 ? -1 : bytes[i];
    const double v = af_pickle_element(a, i);
    return v == 0 ? 0 : v == 1 ? 1 : -1;
}

static af_status check_shape(const af_pickle_array *a, bool is_y, int split, const char *path)
{
    char shape[AF_NPY_SHAPE_TEXT];
    const bool numbers = strchr("biuf", a->dtype.kind) != NULL;
    const bool good =
        is_y ? a->rank == 2 && a->shape[1] == AF_DNA_LABELS
             : a->rank == 3 && a->shape[1] == AF_DNA_LENGTH && a->shape[2] == AF_DNA_BASES;
    if (!good || !numbers || !a->shape[0])
        return af_fail(AF_EFORMAT, "%s: %s, want numbers {sequences, %s}: this is another data set",
                       path, af_npy_shape_text(shape, a), is_y ? "36" : "1000, 4");
    const int64_t most = af_dna_layouts[AF_FULL].count[split];
    if (a->shape[0] > (size_t)most)
        return af_fail(AF_EFORMAT, "%s: %zu sequences, want at most the %lld of NAS-Bench-360",
                       path, a->shape[0], (long long)most);
    return AF_OK;
}

/* The place of sequence k of n among the kept ones; -1: not kept. */
static int64_t place(int64_t k, int64_t n, int64_t keep)
{
    const int64_t at = (k * keep + n - 1) / n; /* the first whose sequence is k or later */
    return at < keep && at * n / keep == k ? at : -1;
}

static af_status take_x(reader *r, int split, const af_pickle_array *a, const char *path)
{
    af_dna_set *s = &r->set[split];
    const int64_t n = (int64_t)a->shape[0];
    const int from = (AF_DNA_LENGTH - s->length) / 2;
    for (int64_t k = 0; k < n; k++) {
        const int64_t at = place(k, n, s->count);
        uint8_t *x = at < 0 ? NULL : s->x + (size_t)at * af_dna_size(s);
        if (x) s->number[at] = k;
        for (int i = 0; i < AF_DNA_LENGTH; i++) {
            int bases = 0;
            for (int c = 0; c < AF_DNA_BASES; c++) {
                const size_t e = ((size_t)k * AF_DNA_LENGTH + (size_t)i) * AF_DNA_BASES + (size_t)c;
                const int v = bit(a, e);
                if (v < 0)
                    return af_fail(AF_EFORMAT,
                                   "%s: sequence %lld, position %d, channel %d is neither 0 nor 1",
                                   path, (long long)k, i, c);
                bases += v;
                if (x && i >= from && i < from + s->length)
                    x[c * s->length + i - from] = (uint8_t)v;
            }
            if (bases > 1)
                return af_fail(AF_EFORMAT, "%s: sequence %lld has %d bases at position %d, want 1",
                               path, (long long)k, bases, i);
        }
    }
    return AF_OK;
}

static af_status take_y(reader *r, int split, const af_pickle_array *a, const char *path)
{
    af_dna_set *s = &r->set[split];
    const int64_t n = (int64_t)a->shape[0];
    for (int64_t k = 0; k < n; k++) {
        const int64_t at = place(k, n, s->count);
        for (int c = 0; c < AF_DNA_LABELS; c++) {
            const int v = bit(a, (size_t)(k * AF_DNA_LABELS + c));
            if (v < 0)
                return af_fail(AF_EFORMAT, "%s: label %d of sequence %lld is neither 0 nor 1", path,
                               c, (long long)k);
            if (at >= 0 && c < s->labels) s->y[at * s->labels + c] = (float)v;
        }
    }
    return AF_OK;
}

static af_status take(const char *name, const af_pickle_array *a, const char *path, void *payload)
{
    reader *r = payload;
    bool is_y;
    int split;
    if (!parse(name, &is_y, &split)) return AF_OK;
    AF_TRY(check_shape(a, is_y, split, path));
    const int64_t n = (int64_t)a->shape[0], other = r->count[!is_y][split];
    if (r->count[is_y][split]) return af_fail(AF_EFORMAT, "%s: it is there twice", path);
    if (other && other != n)
        return af_fail(AF_EFORMAT, "%s: %lld sequences, but %c_%s has %lld", path, (long long)n,
                       is_y ? 'x' : 'y', split_names[split], (long long)other);
    r->count[is_y][split] = n;
    const int64_t most = r->l->count[split];
    if (!other) AF_TRY(af_dna_set_new(&r->set[split], n < most ? n : most, r->l));
    return is_y ? take_y(r, split, a, path) : take_x(r, split, a, path);
}

static af_status check_complete(const reader *r, const char *path)
{
    for (int k = 0; k < 2; k++)
        for (int s = 0; s < AF_SPLITS; s++)
            if (!r->count[k][s])
                return af_fail(AF_EFORMAT,
                               "%s: no array %c_%s in it; want x_train, y_train, x_val, y_val, "
                               "x_test and y_test as in NAS-Bench-360's %s",
                               path, "xy"[k], split_names[s], af_deepsea_file);
    return AF_OK;
}

af_status af_deepsea_filtered_read(af_dna_set out[AF_SPLITS], int64_t whole[AF_SPLITS],
                                   const char *path, const af_dna_layout *l)
{
    const size_t most =
        (size_t)af_dna_layouts[AF_FULL].count[AF_TEST] * AF_DNA_LENGTH * AF_DNA_BASES * MOST_WIDTH +
        HEADER;
    reader r = {.set = out, .l = l};
    memset(out, 0, AF_SPLITS * sizeof *out);
    af_status st;
    AF_GOTO(st, failed, af_npz_each(path, most, wanted, take, &r));
    AF_GOTO(st, failed, check_complete(&r, path));
    memcpy(whole, r.count[0], sizeof r.count[0]);
    return AF_OK;
failed:
    for (int s = 0; s < AF_SPLITS; s++) af_dna_set_free(&out[s]);
    return st;
}
