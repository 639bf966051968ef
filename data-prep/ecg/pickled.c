/* The safe reader gives values; kinds, shapes, labels and ranges are looked at here. */
#include "data-prep/ecg/pickled.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/sha256.h"
#include "data-prep/formats/npy.h"

const char af_ecg_pickle_name[] = "challenge2017.pkl";
enum { PER_MILLIVOLT = 1000, SAMPLES_MOST = 1 << 20, RECORDS_MOST = 99999 };
static const size_t most = (size_t)1 << 30; /* 150 MB are published */
static const char codes[] = "NAO~";         /* in the order of af_ecg_label */

/* Of a list, a tuple or an array of objects. */
static const af_pickle_value *item(const af_pickle_value *v, size_t k)
{
    return v->kind == AF_PICKLE_ARRAY ? v->array->items[k] : v->items[k];
}

/* How many items; 0: not such a value. */
static size_t items(const af_pickle_value *v)
{
    if (!v) return 0;
    if (v->kind == AF_PICKLE_LIST || v->kind == AF_PICKLE_TUPLE) return v->count;
    return v->kind == AF_PICKLE_ARRAY && v->array->items && v->array->rank == 1 ? v->array->count
                                                                                : 0;
}

/* ---- labels ---- */

/* The first byte of text k, where it is the whole text; '\0': it is none. An array of texts pads
 * with zeros to its width. */
static char letter(const af_pickle_value *v, size_t k)
{
    if (v->kind == AF_PICKLE_ARRAY && !v->array->items) {
        const af_pickle_array *a = v->array;
        const size_t width = (size_t)a->dtype.width, unit = a->dtype.kind == 'U' ? 4 : 1;
        const uint8_t *text = a->data + k * width;
        const size_t at = unit == 4 && a->dtype.big_endian ? 3 : 0;
        for (size_t b = 0; b < width; b++)
            if (b != at && text[b]) return '\0';
        return (char)text[at];
    }
    const af_pickle_value *text = item(v, k);
    const bool good = text->kind == AF_PICKLE_TEXT || text->kind == AF_PICKLE_BYTES;
    return good && text->size == 1 ? text->data[0] : '\0';
}

static bool is_labels(const af_pickle_value *v, size_t count)
{
    if (items(v) == count) return true;
    if (!v || v->kind != AF_PICKLE_ARRAY || v->array->items) return false;
    return strchr("SU", v->array->dtype.kind) && v->array->rank == 1 && v->array->count == count;
}

static af_status read_label(af_ecg_label *out, const af_pickle_value *labels, size_t k,
                            const char *path)
{
    const char c = letter(labels, k);
    const char *code = c ? strchr(codes, c) : NULL;
    if (!code)
        return af_fail(AF_EFORMAT, "%s: the label of record %zu is none of N, A, O and ~", path,
                       k + 1);
    *out = (af_ecg_label)(code - codes);
    return AF_OK;
}

/* ---- readings ---- */

/* The first reading that is no whole number of 16 bits in units of 1 / unit; count: all are. A
 * float of 1/1000 is off by its rounding. */
static size_t first_odd(const af_pickle_array *a, int unit)
{
    const double off = unit > 1 ? 1e-2 : 0;
    size_t i = 0;
    for (; i < a->count; i++) {
        const double v = unit * af_pickle_element(a, i), whole = rint(v);
        if (!(fabs(v - whole) <= off) || !(whole >= INT16_MIN && whole <= INT16_MAX)) break;
    }
    return i;
}

static af_status read_readings(af_ecg_record *r, const af_pickle_array *a, size_t k,
                               const char *path)
{
    const size_t odd = first_odd(a, 1);
    const int unit = odd == a->count ? 1 : PER_MILLIVOLT;
    if (unit > 1 && first_odd(a, unit) < a->count)
        return af_fail(AF_EFORMAT,
                       "%s: reading %zu of record %zu is %g, want whole numbers of 16 bits, as the "
                       "recorder wrote them, or millivolts of 1/1000; records that were scaled "
                       "cannot be taken back",
                       path, odd, k + 1, af_pickle_element(a, odd));
    for (size_t i = 0; i < a->count; i++) r->x[i] = (int16_t)rint(unit * af_pickle_element(a, i));
    return AF_OK;
}

static af_status read_record(af_ecg_records *out, const af_pickle_value *v, size_t k,
                             const char *path)
{
    char text[AF_NPY_SHAPE_TEXT];
    const af_pickle_array *a = v->kind == AF_PICKLE_ARRAY ? v->array : NULL;
    if (!a || !strchr("iuf", a->dtype.kind) || a->rank != 1 || !a->count || a->count > SAMPLES_MOST)
        return af_fail(AF_EFORMAT, "%s: record %zu is %s, want an array of numbers, one lead", path,
                       k + 1, a ? af_npy_shape_text(text, a) : af_pickle_kind_names[v->kind]);
    af_ecg_record *r = af_ecg_records_add(out, (int)a->count);
    if (!r) return AF_ENOMEM;
    snprintf(r->name, sizeof r->name, "%05zu", k + 1);
    return read_readings(r, a, k, path);
}

static af_status read_all(af_ecg_records *out, const af_pickle_value *root, const char *path)
{
    const af_pickle_value *data = af_pickle_get(root, "data"),
                          *labels = af_pickle_get(root, "label");
    const size_t count = items(data);
    if (!count || count > RECORDS_MOST)
        return af_fail(AF_EFORMAT,
                       "%s: no 'data', an array of records, in it; want a dict of 'data' and "
                       "'label', as NAS-Bench-360's %s",
                       path, af_ecg_pickle_name);
    if (!is_labels(labels, count))
        return af_fail(AF_EFORMAT, "%s: no 'label' with %zu texts, one a record", path, count);
    for (size_t k = 0; k < count; k++) {
        AF_TRY(read_record(out, item(data, k), k, path));
        AF_TRY(read_label(&out->r[out->count - 1].label, labels, k, path));
    }
    return AF_OK;
}

af_status af_ecg_pickle_read(af_ecg_records *out, json_t **source, const char *path)
{
    char *bytes, hex[AF_SHA256_HEX];
    size_t size;
    af_pickle *p;
    *out = (af_ecg_records){0};
    *source = NULL;
    AF_TRY(af_file_read(&bytes, &size, path, most));
    af_sha256_of(bytes, size, hex);
    af_status st = af_pickle_parse(&p, bytes, size, path);
    if (st == AF_OK) {
        st = read_all(out, af_pickle_root(p), path);
        af_pickle_free(p);
    }
    af_free(bytes);
    if (st == AF_OK) {
        *source = json_pack("{s:s, s:s, s:i, s:{s:s, s:s}}", "data",
                            "PhysioNet/CinC Challenge 2017", "layout", "NAS-Bench-360", "records",
                            out->count, "file", "name", af_path_name(path), "sha256", hex);
        if (!*source) st = af_fail(AF_ENOMEM, "%s: name is not UTF-8, or out of memory", path);
    }
    if (st != AF_OK) af_ecg_records_close(out);
    return st;
}
