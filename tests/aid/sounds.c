/* WAV files and archives for tests. */
#include "tests/aid/sounds.h"
#include <math.h>
#include <stdio.h>
#include "core/base/alloc.h"
#include "tests/aid/archive.h"
#include "tests/aid/work.h"

double sound_sine(int64_t i, int channel)
{
    return 0.5 * sin(0.1 * (double)i + channel);
}

static unsigned char *put(unsigned char *to, uint32_t v, int bytes)
{
    for (int k = 0; k < bytes; k++) *to++ = (unsigned char)(v >> 8 * k);
    return to;
}

static unsigned char *put_sample(unsigned char *to, double v, int bits)
{
    union {
        float f;
        uint32_t bits;
    } u = {.f = (float)v};
    if (bits < 0) return put(to, u.bits, 4);
    if (bits == 8) return put(to, (uint32_t)(128 + lrint(127 * v)), 1);
    return put(to, (uint32_t)(int32_t)lrint(ldexp(v, bits - 1) - 0.5), bits / 8);
}

unsigned char *sound_wav(const sound *s, size_t *size)
{
    const int bytes = s->bits < 0 ? 4 : s->bits / 8, frame = bytes * s->channels;
    const uint32_t data = (uint32_t)(s->n * frame);
    unsigned char *wav = af_alloc(44 + data), *p = wav;
    assert_non_null(wav);
    memcpy(p, "RIFF", 4);
    p = put(p + 4, 36 + data, 4);
    memcpy(p, "WAVEfmt ", 8);
    p = put(p + 8, 16, 4);
    p = put(p, s->bits < 0 ? 3 : 1, 2);
    p = put(p, (uint32_t)s->channels, 2);
    p = put(p, (uint32_t)s->rate, 4);
    p = put(p, (uint32_t)(s->rate * frame), 4);
    p = put(p, (uint32_t)frame, 2);
    p = put(p, (uint32_t)bytes * 8, 2);
    memcpy(p, "data", 4);
    p = put(p + 4, data, 4);
    for (int64_t i = 0; i < s->n; i++)
        for (int c = 0; c < s->channels; c++) p = put_sample(p, s->at(i, c), s->bits);
    *size = 44 + (size_t)data;
    return wav;
}

static void add_directory(struct archive *a, const char *directory, const char *prefix,
                          bool backwards)
{
    char **names, path[AF_PATH_MAX], member[AF_PATH_MAX];
    size_t count;
    assert_ok(af_dir_list(&names, &count, directory));
    for (size_t i = 0; i < count; i++) {
        const char *name = names[backwards ? count - 1 - i : i];
        assert_ok(af_path_join(path, directory, name));
        assert_ok(af_path_join(member, prefix, name));
        if (af_dir_exists(path))
            add_directory(a, path, member, backwards);
        else
            archive_put_file(a, member, path);
    }
    af_free(names);
}

void pack_directory(const char *path, const char *directory, bool backwards)
{
    struct archive *a = archive_write_new();
    const size_t n = strlen(path);
    if (n > 4 && !strcmp(path + n - 4, ".zip"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a), archive_write_add_filter_xz(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    add_directory(a, directory, "", backwards);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}
