/* Rice coding as FITS has it (Pence, Seaman and White, PASP 121, 2009): differences of neighbours,
 * folded to even and odd, in blocks with a number of low bits each. */
#include "data-prep/formats/fits_inside.h"

typedef struct bits { /* most significant first */
    const uint8_t *at, *end;
    uint64_t held;
    int count;
    bool dry;
} bits;

static uint32_t take(bits *b, int n)
{
    while (b->count < n) {
        if (b->at == b->end) {
            b->dry = true;
            return 0;
        }
        b->held = b->held << 8 | *b->at++;
        b->count += 8;
    }
    b->count -= n;
    const uint64_t v = b->held >> b->count;
    return (uint32_t)(n == 32 ? v & 0xffffffffu : v & (((uint64_t)1 << n) - 1));
}

/* Zeros before the next one. */
static uint32_t take_zeros(bits *b)
{
    uint32_t zeros = 0;
    while (!b->dry && take(b, 1) == 0) zeros++;
    return zeros;
}

/* Widths for pixels of 1, 2 and 4 bytes: of a block's code, and the code that means "not coded". */
static const struct {
    int code, raw;
} widths[5] = {[1] = {3, 6}, [2] = {4, 14}, [4] = {5, 25}};

static int32_t as_pixel(uint32_t v, int bytes)
{
    if (bytes == 1) return (uint8_t)v;
    return bytes == 2 ? (int16_t)(uint16_t)v : (int32_t)v;
}

bool af_fits_rice(int32_t *out, size_t count, const uint8_t *data, size_t size, int bytes,
                  int block)
{
    bits b = {.at = data, .end = data + size};
    uint32_t last = take(&b, 8 * bytes);
    for (size_t at = 0; at < count && !b.dry;) {
        const int low = (int)take(&b, widths[bytes].code) - 1;
        for (int k = 0; k < block && at < count && !b.dry; k++) {
            uint32_t folded = 0;
            if (low == widths[bytes].raw)
                folded = take(&b, 8 * bytes);
            else if (low >= 0) {
                const uint32_t high = take_zeros(&b);
                folded = (low < 32 ? high << low : 0) | (low ? take(&b, low) : 0);
            }
            last += folded & 1 ? ~(folded >> 1) : folded >> 1;
            out[at++] = as_pixel(last, bytes);
        }
    }
    return !b.dry;
}
