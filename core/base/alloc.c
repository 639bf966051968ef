/* The allocator and the arena. Each block is preceded by one cache line that keeps its size, so
 * blocks stay aligned through af_realloc. Under AddressSanitizer that line, the unused end of an
 * arena chunk and a gap after each arena object are poisoned, so overruns are caught there too. */
#include "core/base/alloc.h"
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef AF_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(p, n)   ASAN_POISON_MEMORY_REGION(p, n)
#define UNPOISON(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
enum { ARENA_GAP = 16 };
#else
#define POISON(p, n)   ((void)(p), (void)(n))
#define UNPOISON(p, n) ((void)(p), (void)(n))
enum { ARENA_GAP = 0 };
#endif

enum { ALIGN = 64, ARENA_ALIGN = 16, ARENA_CHUNK = 1 << 16 };

typedef struct header {
    size_t size;
} header;
_Static_assert(sizeof(header) <= ALIGN, "the size of a block is kept in one line before it");

static atomic_ulong made;    /* allocations so far */
static atomic_ulong fail_in; /* the how-manieth next allocation fails; 0 = none */

static bool told_to_fail(void)
{
    unsigned long left = atomic_load(&fail_in);
    while (left && !atomic_compare_exchange_weak(&fail_in, &left, left - 1)) {}
    return left == 1;
}

static header *header_of(void *p)
{
    return (header *)(void *)((char *)p - ALIGN);
}

static void *out_of_memory(size_t size)
{
    af_fail(AF_ENOMEM,
            "out of memory: cannot allocate %zu bytes; use a smaller size or batch, or free memory",
            size);
    return NULL;
}

void *af_alloc(size_t size)
{
    void *block;
    atomic_fetch_add(&made, 1);
    if (told_to_fail() || size > PTRDIFF_MAX - ALIGN || posix_memalign(&block, ALIGN, ALIGN + size))
        return out_of_memory(size);
    ((header *)block)->size = size;
    POISON(block, ALIGN);
    return (char *)block + ALIGN;
}

void *af_calloc(size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size) return out_of_memory(SIZE_MAX);
    void *p = af_alloc(count * size);
    if (p) memset(p, 0, count * size);
    return p;
}

void *af_realloc(void *p, size_t size)
{
    void *moved = af_alloc(size);
    if (!moved || !p) return moved;
    UNPOISON(header_of(p), ALIGN);
    size_t old = header_of(p)->size;
    memcpy(moved, p, old < size ? old : size);
    af_free(p);
    return moved;
}

void af_free(void *p)
{
    if (!p) return;
    UNPOISON(header_of(p), ALIGN);
    free(header_of(p));
}

char *af_strdup(const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = af_alloc(size);
    return copy ? memcpy(copy, s, size) : NULL;
}

unsigned long af_alloc_count(void)
{
    return atomic_load(&made);
}

void af_alloc_fail_at(unsigned long k)
{
    atomic_store(&fail_in, k);
}

typedef struct chunk {
    struct chunk *next;
    size_t used, size;
    _Alignas(ARENA_ALIGN) char data[];
} chunk;

struct af_arena {
    chunk *first; /* the one being filled; behind it full ones and those of single large objects */
};

af_arena *af_arena_new(void)
{
    return af_calloc(1, sizeof(af_arena));
}

static chunk *chunk_new(size_t size)
{
    if (size > PTRDIFF_MAX - sizeof(chunk)) return out_of_memory(size);
    chunk *c = af_alloc(sizeof *c + size);
    if (!c) return NULL;
    *c = (chunk){.size = size};
    POISON(c->data, size);
    return c;
}

void *af_arena_alloc(af_arena *a, size_t size)
{
    if (size > PTRDIFF_MAX - 2 * ARENA_ALIGN) return out_of_memory(size);
    /* at least one unit, so that objects of size 0 are distinct too */
    size_t take = (size + !size + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN + ARENA_GAP;
    chunk *c = a->first;
    if (!c || take > c->size - c->used) {
        bool large = take > ARENA_CHUNK / 4;
        if (!(c = chunk_new(large ? take : ARENA_CHUNK))) return NULL;
        chunk **at = large && a->first ? &a->first->next : &a->first;
        c->next = *at;
        *at = c;
    }
    void *p = c->data + c->used;
    c->used += take;
    UNPOISON(p, size);
    return memset(p, 0, size);
}

char *af_arena_strdup(af_arena *a, const char *s)
{
    size_t size = strlen(s) + 1;
    char *copy = af_arena_alloc(a, size);
    return copy ? memcpy(copy, s, size) : NULL;
}

char *af_arena_printf(af_arena *a, const char *fmt, ...)
{
    va_list args, again;
    va_start(args, fmt);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, fmt, args);
    char *text = n < 0 ? NULL : af_arena_alloc(a, (size_t)n + 1);
    if (text) vsnprintf(text, (size_t)n + 1, fmt, again);
    va_end(again);
    va_end(args);
    return text;
}

void af_arena_free(af_arena *a)
{
    if (!a) return;
    for (chunk *c = a->first, *next; c; c = next) {
        next = c->next;
        af_free(c);
    }
    af_free(a);
}
