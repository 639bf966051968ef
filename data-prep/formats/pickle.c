/* Running a pickle to its end, checking what came out, and looking at it. A list can be put into
 * itself through the memo, and shared lists can multiply without end when they are walked: the
 * check visits each value once and leaves only finite trees of bounded depth. */
#include "data-prep/formats/pickle.h"
#include <math.h>
#include <string.h>
#include "data-prep/formats/pickle_machine.h"

enum { BASE_BUDGET = 1 << 20, BYTES_PER_BYTE = 32 };

struct af_pickle {
    af_arena *arena;
    const af_pickle_value *root;
};

const char *const af_pickle_kind_names[AF_PICKLE_KINDS] = {
    "None",  "bool", "int",   "float", "str",  "bytes",  "list",
    "tuple", "dict", "array", "dtype", "name", "tensor", "storage",
};

/* ---- what came out ---- */

typedef struct level { /* a container on the way down from the root */
    af_pickle_value *value;
    size_t next;
} level;

static size_t children(const af_pickle_value *v, af_pickle_value *const **out)
{
    bool objects = v->kind == AF_PICKLE_ARRAY && v->array->items;
    bool container =
        v->kind == AF_PICKLE_LIST || v->kind == AF_PICKLE_TUPLE || v->kind == AF_PICKLE_DICT;
    *out = objects ? v->array->items : container ? v->items : NULL;
    return objects ? v->array->count : container ? v->count : 0;
}

/* Heights: 0 not seen, -1 on the way down, else 1 + the largest below. */
static af_status check_depth(af_pickle_value *root)
{
    level path[AF_PICKLE_DEPTH];
    int depth = 0;
    path[depth++] = (level){root, 0};
    root->height = -1;
    while (depth) {
        level *top = &path[depth - 1];
        af_pickle_value *const *item;
        size_t count = children(top->value, &item);
        int32_t highest = 0;
        while (top->next < count && item[top->next]->height > 0) top->next++;
        if (top->next < count) {
            af_pickle_value *child = item[top->next];
            if (child->height < 0)
                return af_fail(AF_EFORMAT, "a %s contains itself; want plain data",
                               af_pickle_kind_names[child->kind]);
            if (depth == AF_PICKLE_DEPTH)
                return af_fail(AF_EFORMAT, "nested deeper than %d levels; want plain data",
                               AF_PICKLE_DEPTH);
            child->height = -1;
            path[depth++] = (level){child, 0};
            continue;
        }
        for (size_t i = 0; i < count; i++)
            if (item[i]->height > highest) highest = item[i]->height;
        if (highest >= AF_PICKLE_DEPTH)
            return af_fail(AF_EFORMAT, "nested deeper than %d levels; want plain data",
                           AF_PICKLE_DEPTH);
        top->value->height = highest + 1;
        depth--;
    }
    return AF_OK;
}

/* ---- running ---- */

static af_status open_machine(af_pickle_machine *m)
{
    if (!(m->arena = af_arena_new())) return AF_ENOMEM;
    m->small = af_arena_alloc(m->arena, AF_PICKLE_SMALL * sizeof *m->small);
    if (!m->small) return AF_ENOMEM;
    for (int i = 0; i < AF_PICKLE_SMALL; i++)
        m->small[i] = (af_pickle_value){.kind = AF_PICKLE_INT, .integer = i};
    return AF_OK;
}

static af_status run(af_pickle_value **root, af_pickle_machine *m, const char *name)
{
    while (!m->stopped) {
        size_t at = m->at;
        af_status st = af_pickle_step(m);
        if (st == AF_EFORMAT)
            return af_prefix(st, "%s: byte %zu: %s", name, at, af_pickle_opcode_name(m, at));
        if (st != AF_OK) return af_prefix(st, "%s", name);
    }
    if (m->at != m->size)
        return af_fail(AF_EFORMAT,
                       "%s: byte %zu: %zu more bytes after STOP; want one pickle in a file", name,
                       m->at, m->size - m->at);
    *root = m->stack[0];
    af_status st = check_depth(*root);
    return st == AF_OK ? st : af_prefix(st, "%s", name);
}

static af_status parse(af_pickle **out, const void *data, size_t size, bool torch, const char *name)
{
    size_t most = (SIZE_MAX - BASE_BUDGET) / BYTES_PER_BYTE;
    af_pickle_machine m = {.code = data, .size = size, .torch = torch};
    m.budget = BASE_BUDGET + BYTES_PER_BYTE * (size < most ? size : most);
    af_pickle_value *root = NULL;
    af_pickle *p = NULL;
    af_status st;
    AF_GOTO(st, done, open_machine(&m));
    AF_GOTO(st, done, run(&root, &m, name));
    st = (p = af_alloc(sizeof *p)) ? AF_OK : AF_ENOMEM;
    if (p) *p = (af_pickle){m.arena, root};
done:
    af_free(m.stack);
    af_free(m.marks);
    af_free(m.memo);
    if (!p) af_arena_free(m.arena);
    *out = p;
    return st;
}

af_status af_pickle_parse(af_pickle **out, const void *data, size_t size, const char *name)
{
    return parse(out, data, size, false, name);
}

af_status af_pickle_parse_torch(af_pickle **out, const void *data, size_t size, const char *name)
{
    return parse(out, data, size, true, name);
}

void af_pickle_free(af_pickle *p)
{
    if (p) af_arena_free(p->arena);
    af_free(p);
}

const af_pickle_value *af_pickle_root(const af_pickle *p)
{
    return p->root;
}

/* ---- looking ---- */

bool af_pickle_says(const af_pickle_value *v, const char *text)
{
    return (v->kind == AF_PICKLE_TEXT || v->kind == AF_PICKLE_BYTES) && v->size == strlen(text) &&
           !memcmp(v->data, text, v->size);
}

const af_pickle_value *af_pickle_get(const af_pickle_value *dict, const char *key)
{
    if (dict->kind != AF_PICKLE_DICT) return NULL;
    for (size_t i = dict->count; i >= 2; i -= 2)
        if (af_pickle_says(dict->items[i - 2], key)) return dict->items[i - 1];
    return NULL;
}

/* Where element i of C order lies. */
static size_t stored_at(const af_pickle_array *a, size_t i)
{
    if (!a->fortran) return i;
    size_t at = 0, step[AF_PICKLE_RANK];
    for (int d = 0; d < a->rank; d++) step[d] = d ? step[d - 1] * a->shape[d - 1] : 1;
    for (int d = a->rank - 1; d >= 0; d--) {
        at += i % a->shape[d] * step[d];
        i /= a->shape[d];
    }
    return at;
}

/* IEEE 754's binary16. */
static double half(unsigned bits)
{
    const unsigned exponent = bits >> 10 & 31, fraction = bits & 1023;
    double size = exponent ? ldexp(1024 + fraction, (int)exponent - 25) : ldexp(fraction, -24);
    if (exponent == 31) size = fraction ? (double)NAN : (double)INFINITY;
    return bits >> 15 ? -size : size;
}

double af_pickle_element(const af_pickle_array *a, size_t i)
{
    if (!strchr("biuf", a->dtype.kind)) return NAN;
    int width = a->dtype.width;
    const uint8_t *from = a->data + stored_at(a, i) * (size_t)width;
    uint64_t bits = 0;
    for (int b = 0; b < width; b++)
        bits |= (uint64_t)from[a->dtype.big_endian ? width - 1 - b : b] << 8 * b;
    if (a->dtype.kind == 'f') {
        double wide;
        float narrow;
        uint32_t low = (uint32_t)bits;
        memcpy(&wide, &bits, sizeof wide);
        memcpy(&narrow, &low, sizeof narrow);
        return width == 2 ? half(low) : width == 4 ? (double)narrow : wide;
    }
    if (a->dtype.kind != 'i') return (double)bits;
    int unused = 64 - 8 * width;
    return (double)((int64_t)(bits << unused) >> unused);
}
