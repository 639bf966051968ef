/* Memory, stack, marks and memo of the pickle machine. Everything a file can make grow is charged
 * to its budget (values) or bounded by the number of its opcodes (stack, marks, memo). */
#include "data-prep/formats/pickle_machine.h"
#include <string.h>

static af_status charge(af_pickle_machine *m, size_t size)
{
    if (size > m->budget - m->spent)
        return af_fail(AF_EFORMAT,
                       "more than %zu bytes of values in a file of %zu; it is made to exhaust "
                       "memory, or holds very many small values: save them as numpy arrays",
                       m->budget, m->size);
    m->spent += size;
    return AF_OK;
}

af_status af_pickle_take(void **out, af_pickle_machine *m, size_t size)
{
    AF_TRY(charge(m, size));
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
static af_status grow(af_pickle_machine *m, void **array, size_t *room, size_t at, size_t element)
{
    if (at < *room) return AF_OK;
    size_t more = *room ? *room : 64;
    while (more <= at) more *= 2;
    AF_TRY(charge(m, (more - *room) * element));
    char *moved = af_realloc(*array, more * element);
    if (!moved) return AF_ENOMEM;
    memset(moved + *room * element, 0, (more - *room) * element);
    *array = moved;
    *room = more;
    return AF_OK;
}

/* Containers hold powers of two, so that their room follows from their count. */
static size_t room_of(size_t count)
{
    size_t room = 4;
    while (room < count) room *= 2;
    return count ? room : 0;
}

af_status af_pickle_append(af_pickle_machine *m, af_pickle_value *container, af_pickle_value *v)
{
    if (container->count == room_of(container->count)) {
        void *moved;
        AF_TRY(af_pickle_take(&moved, m, room_of(container->count + 1) * sizeof *container->items));
        if (container->count)
            memcpy(moved, container->items, container->count * sizeof *container->items);
        container->items = moved;
    }
    container->items[container->count++] = v;
    return AF_OK;
}

af_status af_pickle_push(af_pickle_machine *m, af_pickle_value *v)
{
    void *stack = m->stack;
    AF_TRY(grow(m, &stack, &m->stack_room, m->height, sizeof *m->stack));
    m->stack = stack;
    m->stack[m->height++] = v;
    return AF_OK;
}

static size_t reachable(const af_pickle_machine *m)
{
    return m->height - (m->mark_count ? m->marks[m->mark_count - 1] : 0);
}

af_status af_pickle_peek(af_pickle_value **out, const af_pickle_machine *m, size_t n)
{
    if (reachable(m) <= n)
        return af_fail(AF_EFORMAT, "%zu values on the stack, want %zu; the file is damaged",
                       reachable(m), n + 1);
    *out = m->stack[m->height - 1 - n];
    return AF_OK;
}

af_status af_pickle_pop(af_pickle_value **out, af_pickle_machine *m)
{
    AF_TRY(af_pickle_peek(out, m, 0));
    m->height--;
    return AF_OK;
}

af_status af_pickle_mark(af_pickle_machine *m)
{
    void *marks = m->marks;
    AF_TRY(grow(m, &marks, &m->mark_room, m->mark_count, sizeof *m->marks));
    m->marks = marks;
    m->marks[m->mark_count++] = m->height;
    return AF_OK;
}

af_status af_pickle_pop_mark(af_pickle_value *const **first, size_t *count, af_pickle_machine *m)
{
    if (!m->mark_count) return af_fail(AF_EFORMAT, "no MARK before it; the file is damaged");
    *count = reachable(m);
    m->mark_count--;
    m->height -= *count;
    *first = *count ? m->stack + m->height : NULL;
    return AF_OK;
}

/* Picklers number what they keep from 0, so an index beyond the number of opcodes is none, but an
 * attempt to have a table of 32 GB. */
af_status af_pickle_put(af_pickle_machine *m, int64_t index)
{
    af_pickle_value *v;
    void *memo = m->memo;
    AF_TRY(af_pickle_peek(&v, m, 0));
    if (index < 0 || (uint64_t)index > m->steps)
        return af_fail(AF_EFORMAT, "memo index %lld after %zu opcodes; the file is damaged",
                       (long long)index, m->steps);
    AF_TRY(grow(m, &memo, &m->memo_room, (size_t)index, sizeof *m->memo));
    m->memo = memo;
    m->memo_count += !m->memo[index];
    m->memo[index] = v;
    return AF_OK;
}

af_status af_pickle_recall(af_pickle_machine *m, int64_t index)
{
    if (index < 0 || (uint64_t)index >= m->memo_room || !m->memo[index])
        return af_fail(AF_EFORMAT, "nothing was kept as number %lld; the file is damaged",
                       (long long)index);
    return af_pickle_push(m, m->memo[index]);
}
