/* The opcodes, one table: name, operand, handler. Counts are compared with what is left of the file
 * before anything is allocated; strings stay where they lie in the file. */
#include <string.h>
#include "data-prep/formats/pickle_machine.h"

/* ---- memory ---- */

af_status af_pickle_take(void **out, af_pickle_machine *m, size_t size)
{
    if (size > m->budget - m->spent)
        return af_fail(AF_EFORMAT,
                       "more than %zu bytes for a file of %zu; it is made to exhaust memory, or "
                       "holds too many small values: save them as numpy arrays",
                       m->budget, m->size);
    m->spent += size;
    *out = af_arena_alloc(m->arena, size);
    return *out ? AF_OK : AF_ENOMEM;
}

af_status af_pickle_new(af_pickle_value **out, af_pickle_machine *m, af_pickle_kind kind)
{
    void *v;
    AF_TRY(af_pickle_take(&v, m, sizeof **out));
    *out = v;
    (*out)->kind = kind;
    return AF_OK;
}

/* Room for index `at` in an array that doubles; what is new is zero. */
static af_status room_for(void **array, size_t *room, size_t at, size_t element)
{
    if (at < *room) return AF_OK;
    size_t more = *room ? *room : 64;
    while (more <= at) more *= 2;
    char *moved = af_realloc(*array, more * element);
    if (!moved) return AF_ENOMEM;
    memset(moved + *room * element, 0, (more - *room) * element);
    *array = moved;
    *room = more;
    return AF_OK;
}
#define ROOM_FOR(array, room, at) room_for((void **)&(array), &(room), at, sizeof *(array))

/* Lists hold a power of two, so their room follows from their count. */
static size_t list_room(size_t count)
{
    size_t room = 4;
    while (room < count) room *= 2;
    return count ? room : 0;
}

static af_status append(af_pickle_machine *m, af_pickle_value *list, af_pickle_value *v)
{
    if (list->count == list_room(list->count)) {
        void *moved;
        AF_TRY(af_pickle_take(&moved, m, list_room(list->count + 1) * sizeof *list->items));
        if (list->count) memcpy(moved, list->items, list->count * sizeof *list->items);
        list->items = moved;
    }
    list->items[list->count++] = v;
    return AF_OK;
}

/* ---- stack ---- */

af_status af_pickle_push(af_pickle_machine *m, af_pickle_value *v)
{
    AF_TRY(ROOM_FOR(m->stack, m->stack_room, m->height));
    m->stack[m->height++] = v;
    return AF_OK;
}

static size_t fence(const af_pickle_machine *m)
{
    return m->mark_count ? m->marks[m->mark_count - 1] : 0;
}

/* The n-th value from the top. */
static af_status peek(af_pickle_value **out, const af_pickle_machine *m, size_t n)
{
    if (m->height - fence(m) <= n)
        return af_fail(AF_EFORMAT, "%zu values on the stack, want %zu; the file is damaged",
                       m->height - fence(m), n + 1);
    *out = m->stack[m->height - 1 - n];
    return AF_OK;
}

af_status af_pickle_pop(af_pickle_value **out, af_pickle_machine *m)
{
    AF_TRY(peek(out, m, 0));
    m->height--;
    return AF_OK;
}

/* Takes away the top mark; *first: the value above it, *count of them. They stay readable until
 * the next push. */
static af_status pop_mark(af_pickle_value ***first, size_t *count, af_pickle_machine *m)
{
    if (!m->mark_count) return af_fail(AF_EFORMAT, "no MARK before it; the file is damaged");
    size_t from = m->marks[--m->mark_count];
    *first = m->stack + from; /* NULL + 0 when nothing was ever pushed */
    *count = m->height - from;
    m->height = from;
    return AF_OK;
}

/* ---- handlers ---- */

#define HANDLER(name) static af_status name(af_pickle_machine *m, const af_pickle_operand *a, int n)
#define UNUSED        (void)m, (void)a, (void)n

HANDLER(op_mark)
{
    UNUSED;
    AF_TRY(ROOM_FOR(m->marks, m->mark_room, m->mark_count));
    m->marks[m->mark_count++] = m->height;
    return AF_OK;
}

HANDLER(op_stop)
{
    UNUSED;
    if (m->height != 1 || m->mark_count)
        return af_fail(AF_EFORMAT, "%zu values and %zu marks are left, want one value", m->height,
                       m->mark_count);
    m->stopped = true;
    return AF_OK;
}

HANDLER(op_pop)
{
    UNUSED;
    af_pickle_value *ignored;
    if (m->mark_count && fence(m) == m->height) {
        m->mark_count--;
        return AF_OK;
    }
    return af_pickle_pop(&ignored, m);
}

HANDLER(op_pop_mark)
{
    UNUSED;
    af_pickle_value **first;
    size_t count;
    return pop_mark(&first, &count, m);
}

HANDLER(op_dup)
{
    UNUSED;
    af_pickle_value *v;
    AF_TRY(peek(&v, m, 0));
    return af_pickle_push(m, v);
}

HANDLER(op_proto)
{
    UNUSED;
    return a->number <= 5 ? AF_OK
                          : af_fail(AF_EFORMAT, "protocol %d, want 0 to 5; save with protocol 4",
                                    (int)a->number);
}

HANDLER(op_frame)
{
    UNUSED;
    if ((uint64_t)a->number > m->size - m->at)
        return af_fail(AF_EFORMAT, "a frame of %llu bytes, %zu are left; the file is cut off",
                       (unsigned long long)a->number, m->size - m->at);
    return AF_OK;
}

static af_status push_number(af_pickle_machine *m, af_pickle_kind kind, int64_t value)
{
    af_pickle_value *v = m->small + value;
    if (kind == AF_PICKLE_INT && value >= 0 && value < 256) return af_pickle_push(m, v);
    AF_TRY(af_pickle_new(&v, m, kind));
    v->integer = value;
    return af_pickle_push(m, v);
}

HANDLER(op_none)
{
    UNUSED;
    return push_number(m, AF_PICKLE_NONE, 0);
}

HANDLER(op_bool)
{
    UNUSED;
    return push_number(m, AF_PICKLE_BOOL, n);
}

HANDLER(op_int)
{
    UNUSED;
    return push_number(m, AF_PICKLE_INT, a->number);
}

HANDLER(op_int_line)
{
    UNUSED;
    int64_t value;
    if (a->size == 2 && a->data[0] == '0' && (a->data[1] | 1) == '1')
        return push_number(m, AF_PICKLE_BOOL, a->data[1] & 1);
    AF_TRY(af_pickle_integer(&value, a));
    return push_number(m, AF_PICKLE_INT, value);
}

HANDLER(op_long)
{
    UNUSED;
    uint64_t bits = 0;
    if (a->size > sizeof bits)
        return af_fail(AF_EFORMAT, "an integer of %zu bytes, want at most 8", a->size);
    for (size_t i = 0; i < a->size; i++) bits |= (uint64_t)(uint8_t)a->data[i] << 8 * i;
    if (a->size && a->size < sizeof bits && a->data[a->size - 1] & 0x80)
        bits |= UINT64_MAX << 8 * a->size;
    return push_number(m, AF_PICKLE_INT, (int64_t)bits);
}

static af_status push_real(af_pickle_machine *m, double value)
{
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_FLOAT));
    v->real = value;
    return af_pickle_push(m, v);
}

HANDLER(op_float)
{
    UNUSED;
    return push_real(m, a->real);
}

HANDLER(op_float_line)
{
    UNUSED;
    double value;
    AF_TRY(af_pickle_real(&value, a));
    return push_real(m, value);
}

HANDLER(op_string) /* n: its kind */
{
    UNUSED;
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)n));
    v->data = a->data;
    v->size = a->size;
    return af_pickle_push(m, v);
}

HANDLER(op_quoted)
{
    UNUSED;
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_BYTES));
    AF_TRY(af_pickle_quoted(v, m, a));
    return af_pickle_push(m, v);
}

HANDLER(op_escaped)
{
    UNUSED;
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_TEXT));
    AF_TRY(af_pickle_escaped(v, m, a));
    return af_pickle_push(m, v);
}

HANDLER(op_empty) /* n: its kind */
{
    UNUSED;
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)n));
    return af_pickle_push(m, v);
}

static af_status require_keys(af_pickle_value *const *first, size_t count)
{
    if (count % 2) return af_fail(AF_EFORMAT, "a key without a value; the file is damaged");
    for (size_t i = 0; i < count; i += 2)
        if (first[i]->kind >= AF_PICKLE_LIST && first[i]->kind != AF_PICKLE_TUPLE)
            return af_fail(AF_EFORMAT, "a %s as key of a dict",
                           af_pickle_kind_names[first[i]->kind]);
    return AF_OK;
}

HANDLER(op_collect) /* n: list, tuple or dict of all above the mark */
{
    UNUSED;
    af_pickle_value *v, **first;
    size_t count;
    AF_TRY(pop_mark(&first, &count, m));
    if (n == AF_PICKLE_DICT) AF_TRY(require_keys(first, count));
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)n));
    for (size_t i = 0; i < count; i++) AF_TRY(append(m, v, first[i]));
    return af_pickle_push(m, v);
}

HANDLER(op_tuple) /* of n */
{
    UNUSED;
    af_pickle_value *v, *item;
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_TUPLE));
    for (int i = n - 1; i >= 0; i--) {
        AF_TRY(peek(&item, m, (size_t)i));
        AF_TRY(append(m, v, item));
    }
    m->height -= (size_t)n;
    return af_pickle_push(m, v);
}

/* n: into a list or a dict; values above the mark, or, without one, the top one or two. */
static af_status add(af_pickle_machine *m, int n, af_pickle_value *const *first, size_t count)
{
    af_pickle_value *into;
    AF_TRY(peek(&into, m, 0));
    if (into->kind != (af_pickle_kind)n)
        return af_fail(AF_EFORMAT, "into a %s, want a %s", af_pickle_kind_names[into->kind],
                       af_pickle_kind_names[n]);
    if (n == AF_PICKLE_DICT) AF_TRY(require_keys(first, count));
    for (size_t i = 0; i < count; i++) AF_TRY(append(m, into, first[i]));
    return AF_OK;
}

HANDLER(op_add)
{
    UNUSED;
    af_pickle_value *lowest;
    size_t count = n == AF_PICKLE_DICT ? 2 : 1;
    AF_TRY(peek(&lowest, m, count));
    m->height -= count;
    return add(m, n, m->stack + m->height, count);
}

HANDLER(op_add_all)
{
    UNUSED;
    af_pickle_value **first;
    size_t count;
    AF_TRY(pop_mark(&first, &count, m));
    return add(m, n, first, count);
}

/* Picklers number what they keep from 0 on, so an index larger than the number of opcodes is no
 * index but an attempt to have a table of 32 GB. */
static af_status put(af_pickle_machine *m, int64_t index)
{
    af_pickle_value *v;
    AF_TRY(peek(&v, m, 0));
    if (index < 0 || (uint64_t)index > m->steps)
        return af_fail(AF_EFORMAT, "memo index %lld after %zu opcodes; the file is damaged",
                       (long long)index, m->steps);
    AF_TRY(ROOM_FOR(m->memo, m->memo_room, (size_t)index));
    m->memo[index] = v;
    return AF_OK;
}

HANDLER(op_put)
{
    UNUSED;
    return put(m, a->number);
}

HANDLER(op_memoize)
{
    UNUSED;
    return put(m, (int64_t)m->memoized++);
}

static af_status get(af_pickle_machine *m, int64_t index)
{
    if (index < 0 || (uint64_t)index >= m->memo_room || !m->memo[index])
        return af_fail(AF_EFORMAT, "nothing was kept as %lld; the file is damaged",
                       (long long)index);
    return af_pickle_push(m, m->memo[index]);
}

HANDLER(op_get)
{
    UNUSED;
    return get(m, a->number);
}

HANDLER(op_memo_line) /* n: 1 put, 0 get */
{
    UNUSED;
    int64_t index;
    AF_TRY(af_pickle_integer(&index, a));
    return n ? put(m, index) : get(m, index);
}
