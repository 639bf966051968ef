/* WAV files made in memory, byte by byte, and archives of a directory. */
#ifndef AID_SOUNDS_H
#define AID_SOUNDS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct sound {
    int rate, channels, bits; /* bits: 8, 16, 24, 32, or -32: floats */
    int64_t n;
    double (*at)(int64_t i, int channel); /* -1 to 1 */
} sound;
/* Free with af_free. */
unsigned char *sound_wav(const sound *s, size_t *size);
double sound_sine(int64_t i, int channel); /* 0.5 sin(i / 10 + channel) */

/* Everything below `directory`, members in sorted order or backwards; .zip by the name's end, else
 * .tar.xz. */
void pack_directory(const char *path, const char *directory, bool backwards);

#endif
