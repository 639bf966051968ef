/* Tensors as torch.save writes them: a pickle that refers to storages by persistent ids, and calls
 * _rebuild_tensor_v2 with one and a strided view of it (torch/_utils.py, torch/serialization.py).
 */
#include <string.h>
#include "data-prep/formats/pickle_machine.h"

static const struct {
    const char *class, *dtype;
} storages[] = {
    {"BoolStorage", "b1"}, {"ByteStorage", "u1"}, {"ShortStorage", "i2"}, {"IntStorage", "i4"},
    {"LongStorage", "i8"}, {"HalfStorage", "f2"}, {"FloatStorage", "f4"}, {"DoubleStorage", "f8"},
};

static bool storage_dtype(af_pickle_dtype *out, const af_pickle_value *v)
{
    if (v->kind != AF_PICKLE_GLOBAL) return false;
    for (size_t k = 0; k < sizeof storages / sizeof *storages; k++)
        if (!strcmp(storages[k].class, af_pickle_global_name(v)))
            return af_pickle_parse_dtype(out, storages[k].dtype, strlen(storages[k].dtype));
    return false;
}

/* ("storage", class, name of its file, device, number of elements) */
af_status af_pickle_persistent(af_pickle_machine *m)
{
    af_pickle_value *id, *v;
    void *room;
    AF_TRY(af_pickle_pop(&id, m));
    af_pickle_storage s = {0};
    if (id->kind != AF_PICKLE_TUPLE || id->count != 5 || !af_pickle_says(id->items[0], "storage") ||
        !storage_dtype(&s.dtype, id->items[1]) || id->items[2]->kind != AF_PICKLE_TEXT ||
        !id->items[2]->size || id->items[4]->kind != AF_PICKLE_INT || id->items[4]->integer < 0)
        return af_fail(AF_EFORMAT,
                       "a persistent id that is no storage of plain numbers; save plain "
                       "tensors with torch.save");
    s.name = id->items[2]->data;
    s.name_size = id->items[2]->size;
    s.count = (size_t)id->items[4]->integer;
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_STORAGE));
    AF_TRY(af_pickle_take(&room, m, sizeof s));
    memcpy(room, &s, sizeof s);
    v->storage = room;
    return af_pickle_push(m, v);
}

/* The extents of a tuple of non-negative integers; -1: it is something else. */
static int read_extents(size_t out[AF_PICKLE_RANK], const af_pickle_value *v)
{
    if (v->kind != AF_PICKLE_TUPLE || v->count > AF_PICKLE_RANK) return -1;
    for (size_t d = 0; d < v->count; d++) {
        if (v->items[d]->kind != AF_PICKLE_INT || v->items[d]->integer < 0) return -1;
        out[d] = (size_t)v->items[d]->integer;
    }
    return (int)v->count;
}

/* Whether the last element lies inside: first + sum of (extent - 1) * stride < count; and the
 * number of elements is one, with strides of 0, too. */
static bool fits(const af_pickle_tensor *t)
{
    size_t last = t->first, elements = 1;
    for (int d = 0; d < t->rank; d++) {
        if (t->shape[d] && elements > (size_t)PTRDIFF_MAX / t->shape[d]) return false;
        elements *= t->shape[d];
    }
    if (!elements) return true;
    if (last >= t->storage.count) return false;
    for (int d = 0; d < t->rank; d++) {
        const size_t steps = t->shape[d] - 1;
        if (steps && t->stride[d] > (t->storage.count - 1 - last) / steps) return false;
        last += steps * t->stride[d];
    }
    return true;
}

/* (storage, first element, shape, strides, gradient wanted, hooks, and newer versions' metadata) */
static af_status tensor_v2(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    void *room;
    af_pickle_value *const *item = a->items;
    if (item[0]->kind != AF_PICKLE_STORAGE || item[1]->kind != AF_PICKLE_INT ||
        item[1]->integer < 0)
        return af_fail(AF_EFORMAT, "a tensor of a %s, want a storage and the first element",
                       af_pickle_kind_names[item[0]->kind]);
    af_pickle_tensor t = {.storage = *item[0]->storage, .first = (size_t)item[1]->integer};
    t.rank = read_extents(t.shape, item[2]);
    if (t.rank < 0 || read_extents(t.stride, item[3]) != t.rank)
        return af_fail(AF_EFORMAT, "shape and strides of a tensor, want tuples of at most %d",
                       AF_PICKLE_RANK);
    if (!fits(&t))
        return af_fail(AF_EFORMAT, "a tensor that ends beyond the %zu elements of its storage",
                       t.storage.count);
    AF_TRY(af_pickle_new(out, m, AF_PICKLE_TENSOR));
    AF_TRY(af_pickle_take(&room, m, sizeof t));
    memcpy(room, &t, sizeof t);
    (*out)->tensor = room;
    return AF_OK;
}

/* ---- names ---- */

/* OrderedDict(): PyTorch's hooks of a tensor, of which there are none. */
static af_status empty_dict(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    (void)a;
    return af_pickle_new(out, m, AF_PICKLE_DICT);
}

const struct af_pickle_global af_pickle_torch_globals[AF_PICKLE_TORCH_GLOBALS] = {
    {"collections", "OrderedDict", 0, 0, empty_dict},
    {"torch._utils", "_rebuild_tensor_v2", 6, 7, tensor_v2},
    {"torch", "BoolStorage", 0, 0, NULL},
    {"torch", "ByteStorage", 0, 0, NULL},
    {"torch", "ShortStorage", 0, 0, NULL},
    {"torch", "IntStorage", 0, 0, NULL},
    {"torch", "LongStorage", 0, 0, NULL},
    {"torch", "HalfStorage", 0, 0, NULL},
    {"torch", "FloatStorage", 0, 0, NULL},
    {"torch", "DoubleStorage", 0, 0, NULL},
};
