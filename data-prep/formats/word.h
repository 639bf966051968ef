/* Numbers of four bytes as files hold them, in either order, at any address. */
#ifndef AF_WORD_H
#define AF_WORD_H
#include <stdbool.h>
#include <stdint.h>

/* big: the first byte counts most. */
static inline uint32_t af_word(const void *bytes, bool big)
{
    const uint8_t *b = bytes;
    uint32_t w = 0;
    for (int i = 0; i < 4; i++) w = w << 8 | b[big ? i : 3 - i];
    return w;
}

#endif
