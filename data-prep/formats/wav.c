/* libsndfile reads from memory through callbacks. What the header says of the length is not
 * trusted: samples are read until they end, up to a bound; a file that ends early is refused. */
#include "data-prep/formats/wav.h"
#include <math.h>
#include <sndfile.h>
#include <stdbool.h>
#include <string.h>
#include "core/base/alloc.h"
#include "data-prep/formats/word.h"

enum { BLOCK = 1 << 14, FRAME = 64 }; /* bytes of the longest frame */

typedef struct memory {
    const unsigned char *data;
    sf_count_t size, at;
} memory;

static sf_count_t memory_size(void *self)
{
    return ((memory *)self)->size;
}

static sf_count_t memory_seek(sf_count_t offset, int whence, void *self)
{
    memory *m = self;
    sf_count_t base = whence == SEEK_CUR ? m->at : whence == SEEK_END ? m->size : 0;
    if (offset < -base || offset > m->size - base) return -1;
    return m->at = base + offset;
}

static sf_count_t memory_read(void *to, sf_count_t count, void *self)
{
    memory *m = self;
    if (count > m->size - m->at) count = m->size - m->at;
    if (count <= 0) return 0;
    memcpy(to, m->data + m->at, (size_t)count);
    m->at += count;
    return count;
}

static sf_count_t memory_tell(void *self)
{
    return ((memory *)self)->at;
}

/* A container that is let through to libsndfile. */
static bool known(const unsigned char *data, size_t size)
{
    static const char *const riff[] = {"RIFF", "RIFX", "RF64"};
    if (size >= 4 && !memcmp(data, "fLaC", 4)) return true;
    for (int i = 0; i < 3 && size >= 12; i++)
        if (!memcmp(data, riff[i], 4) && !memcmp(data + 8, "WAVE", 4)) return true;
    return false;
}

/* Of a RIFF file, whose samples libsndfile would end where the file does. Who writes into a pipe
 * does not know the size and writes 0, the largest number or, as SoX does, nearly so. */
static af_status check_whole(const unsigned char *data, size_t size, const char *path)
{
    const bool big = !memcmp(data, "RIFX", 4);
    if (memcmp(data, "RIFF", 4) != 0 && !big) return AF_OK;
    for (size_t at = 12; size - at >= 8;) {
        const uint32_t says = af_word(data + at + 4, big);
        const size_t left = size - at - 8;
        const bool unknown = !says || says >= 0xffffff00 || (says >> 12) == 0x7ffff;
        if (!memcmp(data + at, "data", 4)) {
            if (unknown || says <= left || says - left < FRAME) return AF_OK;
            return af_fail(AF_EFORMAT,
                           "%s: %zu bytes of samples, its header says %u; it is cut short, get it "
                           "again",
                           path, left, says);
        }
        if (says >= left) break;
        at += 8 + says + says % 2;
        if (at > size) break;
    }
    return AF_OK;
}

static bool plain(int subtype)
{
    static const int good[] = {SF_FORMAT_PCM_U8, SF_FORMAT_PCM_S8, SF_FORMAT_PCM_16,
                               SF_FORMAT_PCM_24, SF_FORMAT_PCM_32, SF_FORMAT_FLOAT,
                               SF_FORMAT_DOUBLE};
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if ((subtype & SF_FORMAT_SUBMASK) == good[i]) return true;
    return false;
}

static af_status check(const SF_INFO *info, const char *path)
{
    if (!plain(info->format))
        return af_fail(AF_EFORMAT, "%s: encoding %x, want integer or floating-point samples", path,
                       (unsigned)info->format & SF_FORMAT_SUBMASK);
    if (info->channels < 1 || info->channels > AF_WAV_CHANNELS ||
        info->samplerate < AF_WAV_MIN_RATE || info->samplerate > AF_WAV_MAX_RATE)
        return af_fail(AF_EFORMAT, "%s: %d channels at %d Hz, want 1 to %d at %d to %d Hz", path,
                       info->channels, info->samplerate, AF_WAV_CHANNELS, AF_WAV_MIN_RATE,
                       AF_WAV_MAX_RATE);
    return AF_OK;
}

static af_status grow(af_wav *w, int64_t *capacity)
{
    if (w->n + BLOCK <= *capacity) return AF_OK;
    int64_t more = *capacity ? 2 * *capacity : 4 * BLOCK;
    double *x = af_realloc(w->x, (size_t)more * sizeof *x);
    if (!x) return AF_ENOMEM;
    w->x = x;
    *capacity = more;
    return AF_OK;
}

static af_status take(af_wav *w, const double *frames, sf_count_t count, const char *path)
{
    for (sf_count_t i = 0; i < count; i++) {
        double sum = 0;
        for (int c = 0; c < w->channels; c++) sum += frames[i * w->channels + c];
        if (!isfinite(sum))
            return af_fail(AF_EFORMAT, "%s: sample %lld is not finite; get the file again", path,
                           (long long)w->n);
        w->x[w->n++] = sum / w->channels;
    }
    return AF_OK;
}

static af_status read_all(af_wav *w, SNDFILE *f, const char *path)
{
    int64_t capacity = 0;
    double *frames = af_alloc((size_t)BLOCK * (size_t)w->channels * sizeof *frames);
    af_status st = frames ? AF_OK : AF_ENOMEM;
    for (sf_count_t got = 1; st == AF_OK && got > 0;) {
        if ((st = grow(w, &capacity)) != AF_OK) break;
        got = sf_readf_double(f, frames, BLOCK);
        if (got > 0) st = take(w, frames, got, path);
        if (st == AF_OK && w->n > AF_WAV_MAX_SAMPLES)
            st = af_fail(AF_EFORMAT, "%s: more than %d samples; want a clip of seconds", path,
                         AF_WAV_MAX_SAMPLES);
    }
    af_free(frames);
    if (st == AF_OK && sf_error(f))
        st = af_fail(AF_EFORMAT, "%s: damaged after %lld samples: %s; get it again", path,
                     (long long)w->n, sf_strerror(f));
    if (st == AF_OK && !w->n) st = af_fail(AF_EFORMAT, "%s: no samples in it", path);
    return st;
}

af_status af_wav_read(af_wav *out, const void *data, size_t size, const char *path)
{
    static const SF_VIRTUAL_IO through = {memory_size, memory_seek, memory_read, NULL, memory_tell};
    memory m = {.data = data, .size = (sf_count_t)size};
    SF_INFO info = {0};
    SF_VIRTUAL_IO io = through;
    *out = (af_wav){0};
    if (!known(data, size))
        return af_fail(AF_EFORMAT, "%s: not a WAV or FLAC file (it begins with neither)", path);
    AF_TRY(check_whole(data, size, path));
    SNDFILE *f = sf_open_virtual(&io, SFM_READ, &info, &m);
    if (!f) return af_fail(AF_EFORMAT, "%s: %s; want a WAV or FLAC file", path, sf_strerror(NULL));
    af_wav w = {.rate = info.samplerate, .channels = info.channels};
    af_status st = check(&info, path);
    if (st == AF_OK) st = read_all(&w, f, path);
    sf_close(f);
    if (st == AF_OK)
        *out = w;
    else
        af_free(w.x);
    return st;
}
