/* Allocation. Everything in the library allocates here, so that tests can count allocations (a
 * training step makes none) and make the k-th one fail. Arenas serve what lives as long as a trial:
 * many small objects, one free. */
#ifndef AF_ALLOC_H
#define AF_ALLOC_H
#include <stddef.h>
#include "core/base/status.h"

/* Defined under AddressSanitizer, by either compiler. */
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define AF_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define AF_ASAN
#endif

/* All return NULL (and set the message) when memory is short; sizes of 0 give a unique pointer.
 * Memory is 64-byte aligned. af_calloc zeroes and checks count * size for overflow. */
void *af_alloc(size_t size);
void *af_calloc(size_t count, size_t size);
/* As realloc; also only 64-byte aligned. On failure the old block stays valid. */
void *af_realloc(void *p, size_t size);
void af_free(void *p); /* NULL is fine */
char *af_strdup(const char *s);

/* For tests: allocations made so far by this process; make the k-th next one fail (0 = never). */
unsigned long af_alloc_count(void);
void af_alloc_fail_at(unsigned long k);

typedef struct af_arena af_arena;
af_arena *af_arena_new(void);                   /* NULL when memory is short */
void *af_arena_alloc(af_arena *a, size_t size); /* zeroed, 16-byte aligned; NULL when short */
char *af_arena_strdup(af_arena *a, const char *s);
char *af_arena_printf(af_arena *a, const char *fmt, ...) AF_PRINTF(2, 3);
void af_arena_free(af_arena *a);

#endif
