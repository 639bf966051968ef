/* Numbers of samples: what is there, what is wanted. */
#ifndef AF_COUNTS_H
#define AF_COUNTS_H
#include <stdint.h>

static inline int64_t af_least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* At least one. */
static inline int64_t af_tenth(int64_t n)
{
    return n < 10 ? 1 : n / 10;
}

#endif
