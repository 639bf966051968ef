/* The names a pickle may call, and what the calls mean here: bytes that Python 3 spells as text
 * under old protocols, and numpy's dtype, array and scalar; PyTorch's names are in another file.
 * numpy 2 renamed numpy.core to numpy._core. */
#include <math.h>
#include <string.h>
#include "data-prep/formats/pickle_machine.h"

enum { SHOWN = 64 };

/* The start of a text of the file, fit for a terminal. */
static const char *shown(char out[SHOWN], const char *text, size_t size)
{
    size_t n = 0;
    for (; n < size && n < SHOWN - 1; n++) out[n] = text[n] > ' ' && text[n] <= '~' ? text[n] : '?';
    out[n] = '\0';
    return out;
}

static bool is_string(const af_pickle_value *v)
{
    return v->kind == AF_PICKLE_TEXT || v->kind == AF_PICKLE_BYTES;
}

static af_status encode(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    if (a->items[0]->kind != AF_PICKLE_TEXT ||
        (!af_pickle_says(a->items[1], "latin1") && !af_pickle_says(a->items[1], "latin-1")))
        return af_fail(AF_EFORMAT, "_codecs.encode of other than a str in latin1");
    AF_TRY(af_pickle_new(out, m, AF_PICKLE_BYTES));
    return af_pickle_latin1(*out, m, a->items[0]);
}

static af_status empty_bytes(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    (void)a;
    return af_pickle_new(out, m, AF_PICKLE_BYTES);
}

/* ---- dtype ---- */

/* "u1" and the like: a kind and a width, in bytes or, of texts, in characters. */
bool af_pickle_parse_dtype(af_pickle_dtype *out, const char *text, size_t size)
{
    static const struct {
        char kind;
        const char *widths; /* NULL: any */
        int unit;
    } kinds[] = {{'b', "1", 1},  {'i', "1248", 1}, {'u', "1248", 1},           {'f', "248", 1},
                 {'O', "48", 1}, {'S', NULL, 1},   {'U', NULL, AF_PICKLE_UCS4}};
    enum { MOST_DIGITS = 6 };
    int width = 0;
    if (size < 2 || size > 1 + MOST_DIGITS) return false;
    for (size_t i = 1; i < size; i++) {
        if (text[i] < '0' || text[i] > '9') return false;
        width = 10 * width + text[i] - '0';
    }
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        if (*text != kinds[k].kind || !width) continue;
        if (kinds[k].widths && (size > 2 || !strchr(kinds[k].widths, text[1]))) return false;
        *out = (af_pickle_dtype){*text, width * kinds[k].unit, false};
        return true;
    }
    return false;
}

static af_status make_dtype(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    const af_pickle_value *text = a->items[0];
    char name[SHOWN] = "of no name";
    AF_TRY(af_pickle_new(out, m, AF_PICKLE_DTYPE));
    if (is_string(text)) {
        if (af_pickle_parse_dtype(&(*out)->dtype, text->data, text->size)) return AF_OK;
        shown(name, text->data, text->size);
    }
    return af_fail(AF_EFORMAT,
                   "numpy dtype %s; want b1, i1 to i8, u1 to u8, f2 to f8, O, or S or U with "
                   "a width: convert with astype and save again",
                   name);
}

/* (version, byte order, None, None, None, -1, -1, 0); the Nones are sub-arrays and fields. */
static af_status build_dtype(af_pickle_value *v, const af_pickle_value *state)
{
    bool plain = state->kind == AF_PICKLE_TUPLE && state->count >= 5;
    for (size_t i = 2; plain && i < 5; i++) plain = state->items[i]->kind == AF_PICKLE_NONE;
    const af_pickle_value *order = plain ? state->items[1] : NULL;
    if (!order || !is_string(order) || order->size != 1 || !memchr("<>|=", order->data[0], 4))
        return af_fail(AF_EFORMAT, "state of a numpy dtype that is no plain number; want an array "
                                   "without fields");
    v->dtype.big_endian = order->data[0] == '>';
    return AF_OK;
}

/* ---- arrays ---- */

static af_status new_array(af_pickle_value **out, af_pickle_array **array, af_pickle_machine *m)
{
    void *room;
    AF_TRY(af_pickle_new(out, m, AF_PICKLE_ARRAY));
    AF_TRY(af_pickle_take(&room, m, sizeof **array));
    *array = room;
    (*array)->dtype = (af_pickle_dtype){'b', 1, false};
    (*array)->rank = 1; /* {0}: empty until it is built */
    (*out)->array = *array;
    return AF_OK;
}

static af_status reconstruct(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    const af_pickle_value *class = a->items[0];
    af_pickle_array *ignored;
    if (class->kind != AF_PICKLE_GLOBAL || strcmp(class->global->name, "ndarray") != 0)
        return af_fail(AF_EFORMAT, "an array of another class than numpy.ndarray; save "
                                   "numpy.asarray of it");
    return new_array(out, &ignored, m);
}

static af_status read_shape(af_pickle_array *to, const af_pickle_value *shape)
{
    if (shape->kind != AF_PICKLE_TUPLE || shape->count > AF_PICKLE_RANK)
        return af_fail(AF_EFORMAT, "the shape of an array, want a tuple of at most %d",
                       AF_PICKLE_RANK);
    to->rank = (int)shape->count;
    to->count = 1;
    for (size_t d = 0; d < shape->count; d++) {
        const af_pickle_value *extent = shape->items[d];
        if (extent->kind != AF_PICKLE_INT || extent->integer < 0 ||
            (extent->integer && to->count > (size_t)PTRDIFF_MAX / (size_t)extent->integer))
            return af_fail(AF_EFORMAT, "impossible extent of axis %zu of an array", d);
        to->shape[d] = (size_t)extent->integer;
        to->count *= to->shape[d];
    }
    return AF_OK;
}

/* Fills `to` when its shape, its dtype and what it holds agree. */
static af_status fill_array(af_pickle_array *to, const af_pickle_value *shape,
                            const af_pickle_value *dtype, const af_pickle_value *content)
{
    AF_TRY(read_shape(to, shape));
    if (dtype->kind != AF_PICKLE_DTYPE)
        return af_fail(AF_EFORMAT, "an array whose dtype is a %s",
                       af_pickle_kind_names[dtype->kind]);
    to->dtype = dtype->dtype;
    bool objects = to->dtype.kind == 'O';
    af_pickle_kind want = objects ? AF_PICKLE_LIST : AF_PICKLE_BYTES;
    if (content->kind != want)
        return af_fail(AF_EFORMAT, "an array that holds a %s, want %s",
                       af_pickle_kind_names[content->kind], af_pickle_kind_names[want]);
    size_t per_element = objects ? 1 : (size_t)to->dtype.width;
    size_t have = objects ? content->count : content->size;
    if (have % per_element || have / per_element != to->count)
        return af_fail(AF_EFORMAT, "an array of %zu elements with %zu %s; the file is damaged",
                       to->count, have, objects ? "objects" : "bytes");
    to->data = objects ? NULL : (const uint8_t *)content->data;
    to->items = objects ? content->items : NULL;
    return AF_OK;
}

/* (version, shape, dtype, stored in Fortran order, bytes or list). Into a new description: it may
 * be known to others already, and a failure leaves it as it was. */
static af_status build_array(af_pickle_machine *m, af_pickle_value *v, const af_pickle_value *state)
{
    af_pickle_value *ignored;
    af_pickle_array *array;
    if (state->kind != AF_PICKLE_TUPLE || state->count != 5 ||
        (state->items[3]->kind != AF_PICKLE_BOOL && state->items[3]->kind != AF_PICKLE_INT))
        return af_fail(AF_EFORMAT, "unknown state of a numpy array, want (version, shape, dtype, "
                                   "order, data)");
    AF_TRY(new_array(&ignored, &array, m));
    AF_TRY(fill_array(array, state->items[1], state->items[2], state->items[4]));
    array->fortran = state->items[3]->integer != 0;
    v->array = array;
    return AF_OK;
}

static af_status from_buffer(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    af_pickle_array *array;
    AF_TRY(new_array(out, &array, m));
    AF_TRY(fill_array(array, a->items[2], a->items[1], a->items[0]));
    array->fortran = af_pickle_says(a->items[3], "F");
    return AF_OK;
}

static af_status scalar(af_pickle_value **out, af_pickle_machine *m, const af_pickle_value *a)
{
    af_pickle_array one = {.count = 1};
    const af_pickle_value shape = {.kind = AF_PICKLE_TUPLE};
    AF_TRY(fill_array(&one, &shape, a->items[0], a->items[1]));
    char kind = one.dtype.kind;
    if (!strchr("biuf", kind)) return af_fail(AF_EFORMAT, "a numpy scalar that is no number");
    double value = af_pickle_element(&one, 0);
    AF_TRY(af_pickle_new(out, m,
                         kind == 'f'   ? AF_PICKLE_FLOAT
                         : kind == 'b' ? AF_PICKLE_BOOL
                                       : AF_PICKLE_INT));
    if (kind == 'f')
        (*out)->real = value;
    else if (fabs(value) <= 0x1p53)
        (*out)->integer = (int64_t)value;
    else
        return af_fail(AF_EFORMAT, "a numpy integer beyond 2^53; want a smaller one");
    return AF_OK;
}

/* ---- names ---- */

static const struct af_pickle_global globals[] = {
    {"_codecs", "encode", 2, 2, encode},
    {"__builtin__", "bytes", 0, 0, empty_bytes},
    {"builtins", "bytes", 0, 0, empty_bytes},
    {"numpy", "ndarray", 0, 0, NULL},
    {"numpy", "dtype", 1, 3, make_dtype},
    {"numpy.core.multiarray", "_reconstruct", 3, 3, reconstruct},
    {"numpy._core.multiarray", "_reconstruct", 3, 3, reconstruct},
    {"numpy.core.multiarray", "scalar", 2, 2, scalar},
    {"numpy._core.multiarray", "scalar", 2, 2, scalar},
    {"numpy.core.numeric", "_frombuffer", 4, 4, from_buffer},
    {"numpy._core.numeric", "_frombuffer", 4, 4, from_buffer},
};

const char *af_pickle_global_name(const af_pickle_value *v)
{
    return v->global->name;
}

static bool equal(const char *want, const char *text, size_t size)
{
    return strlen(want) == size && !memcmp(want, text, size);
}

enum { GLOBALS = sizeof globals / sizeof *globals };

static const struct af_pickle_global *find(const struct af_pickle_global *g, int count,
                                           const char *module, size_t module_size, const char *name,
                                           size_t name_size)
{
    for (int i = 0; i < count; i++)
        if (equal(g[i].module, module, module_size) && equal(g[i].name, name, name_size))
            return &g[i];
    return NULL;
}

af_status af_pickle_import(af_pickle_machine *m, const char *module, size_t module_size,
                           const char *name, size_t name_size)
{
    char first[SHOWN], second[SHOWN];
    const struct af_pickle_global *g = find(globals, GLOBALS, module, module_size, name, name_size);
    if (!g && m->torch)
        g = find(af_pickle_torch_globals, AF_PICKLE_TORCH_GLOBALS, module, module_size, name,
                 name_size);
    if (g) {
        af_pickle_value *v;
        AF_TRY(af_pickle_new(&v, m, AF_PICKLE_GLOBAL));
        v->global = g;
        return af_pickle_push(m, v);
    }
    return af_fail(AF_EFORMAT,
                   "wants to import %s.%s, which is refused: only numbers, texts, lists, "
                   "tuples, dicts and numpy arrays are read; get the original file, or save such "
                   "values",
                   shown(first, module, module_size), shown(second, name, name_size));
}

af_status af_pickle_reduce(af_pickle_machine *m)
{
    af_pickle_value *arguments, *callable, *made;
    AF_TRY(af_pickle_pop(&arguments, m));
    AF_TRY(af_pickle_pop(&callable, m));
    if (callable->kind != AF_PICKLE_GLOBAL || !callable->global->call)
        return af_fail(AF_EFORMAT, "calls a %s, which is refused: nothing in a pickle is run",
                       af_pickle_kind_names[callable->kind]);
    const struct af_pickle_global *g = callable->global;
    if (arguments->kind != AF_PICKLE_TUPLE || arguments->count < g->min_arguments ||
        arguments->count > g->max_arguments)
        return af_fail(AF_EFORMAT, "%s.%s with unknown arguments, want %zu to %zu", g->module,
                       g->name, g->min_arguments, g->max_arguments);
    AF_TRY(g->call(&made, m, arguments));
    return af_pickle_push(m, made);
}

af_status af_pickle_build(af_pickle_machine *m)
{
    af_pickle_value *state, *v;
    AF_TRY(af_pickle_pop(&state, m));
    AF_TRY(af_pickle_peek(&v, m, 0));
    if (v->kind == AF_PICKLE_DTYPE) return build_dtype(v, state);
    if (v->kind == AF_PICKLE_ARRAY) return build_array(m, v, state);
    return af_fail(AF_EFORMAT,
                   "sets the state of a %s, which is refused: only numpy arrays have one",
                   af_pickle_kind_names[v->kind]);
}
