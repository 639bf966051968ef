/* Names of a .zip, keys of a pickle, the header of an array: nothing else is decoded. */
#include "data-prep/formats/content_inside.h"
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/archive.h"
#include "data-prep/formats/pickle.h"
#include "data-prep/formats/word.h"

enum { PICKLE_MOST = 64 << 20 };

static void add(char about[AF_CONTENT_ABOUT], const char *fmt, ...) AF_PRINTF(2, 3);
static void add(char about[AF_CONTENT_ABOUT], const char *fmt, ...)
{
    const size_t at = strlen(about);
    va_list args;
    va_start(args, fmt);
    vsnprintf(about + at, AF_CONTENT_ABOUT - at, fmt, args);
    va_end(args);
    for (char *c = about + at; *c; c++)
        if (*c < ' ' || *c > '~') *c = '?';
}

typedef struct members {
    char *about;
    int arrays, others;
    bool torch;
} members;

static bool see_member(const char *member, void *self)
{
    enum { TOLD = 6 };
    members *m = self;
    if (af_path_ends(member, ".npy")) {
        if (m->arrays++ < TOLD)
            add(m->about, "%s%.*s", m->arrays > 1 ? ", " : ": ", (int)strlen(member) - 4, member);
        else if (m->arrays == TOLD + 1)
            add(m->about, " ...");
        return false;
    }
    m->others++;
    m->torch = m->torch || af_path_ends(member, "/data.pkl");
    return false;
}

af_content af_content_zip(char about[AF_CONTENT_ABOUT], const af_content_head *h)
{
    members m = {.about = about};
    const bool whole = af_archive_walk(h->path, 0, see_member, NULL, &m) == AF_OK;
    if (whole && m.arrays && !m.others) return AF_CONTENT_NPZ;
    about[0] = '\0';
    return whole && m.torch ? AF_CONTENT_TORCH : AF_CONTENT_ARCHIVE;
}

/* Those that the reader refuses have none to tell. */
void af_content_pickle(char about[AF_CONTENT_ABOUT], const af_content_head *h)
{
    enum { TOLD = 8 };
    char *data;
    size_t size;
    af_pickle *p;
    if (h->gzipped || af_file_read(&data, &size, h->path, PICKLE_MOST) != AF_OK) return;
    if (af_pickle_parse(&p, data, size, h->path) == AF_OK) {
        const af_pickle_value *root = af_pickle_root(p);
        const bool dict = root->kind == AF_PICKLE_DICT;
        for (size_t i = 0; dict && i < root->count && i <= 2 * TOLD; i += 2) {
            const af_pickle_value *key = root->items[i];
            const bool text = key->kind == AF_PICKLE_TEXT || key->kind == AF_PICKLE_BYTES;
            if (i == 2 * TOLD)
                add(about, " ...");
            else if (text)
                add(about, "%s%.*s",
                    i ? ", " : " of a dict: ", (int)(key->size < 24 ? key->size : 24), key->data);
        }
        af_pickle_free(p);
    }
    af_free(data);
}

/* The header is a dict in Python's own words. */
void af_content_npy(char about[AF_CONTENT_ABOUT], const af_content_head *h)
{
    static const char type[] = "'descr': '", shape[] = "'shape': (";
    const char *t = memmem(h->byte, h->size, type, sizeof type - 1),
               *s = memmem(h->byte, h->size, shape, sizeof shape - 1);
    if (!t || !s) return;
    t += sizeof type - 1;
    s += sizeof shape - 1;
    const size_t t_size = strcspn(t, "'"), s_size = strcspn(s, ")");
    add(about, ", %.*s (%.*s)", (int)(t_size < 8 ? t_size : 8), t, (int)(s_size < 40 ? s_size : 40),
        s);
}

void af_content_idx(char about[AF_CONTENT_ABOUT], const af_content_head *h)
{
    for (int k = 0; k < h->byte[3]; k++)
        add(about, "%s%" PRIu32, k ? " x " : ", ", af_word(h->byte + 4 + 4 * k, true));
}
