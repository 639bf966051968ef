/* The second pass: each sound that is wanted is hashed, decoded and packed, then forgotten. Of the
 * sounds one hash is recorded: of the lines that sha256sum prints for them, without directories and
 * sorted by file name. */
#include "data-prep/fsd50k/raw.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "data-prep/formats/tree.h"
#include "data-prep/fsd50k/pack.h"
#include "data-prep/fsd50k/tables.h"

enum { MAX_SOUND = 64 << 20, FEW = 1000 };
static const int official[AF_SPLITS] = {[AF_TRAIN] = 36796, [AF_VALID] = 4170, [AF_TEST] = 10231};

typedef struct sum {
    char file[AF_FSD_NAME], hex[AF_SHA256_HEX];
} sum;

typedef struct sums {
    sum *s;
    int count, capacity;
} sums;

typedef struct import {
    const af_prep_request *r;
    const af_fsd_layout *layout;
    af_fsd_tables tables;
    af_fsd_pack *pack;
    sums clips, noise; /* of the sound files that were read */
} import;

/* The clip of a member that is wanted, else -1. */
static int wanted_clip(const import *m, const char *member, const af_fsd_piece **piece)
{
    if (!af_fsd_is_sound(member)) return -1;
    int clip = af_fsd_tables_clip(&m->tables, member, piece);
    if (clip < 0 || !af_fsd_pack_wants(m->pack, clip)) return -1;
    bool used =
        !*piece || af_fsd_chunk_used(m->layout, (*piece)->number, m->tables.clips.c[clip].chunks);
    return used ? clip : -1;
}

/* The number of a recording of noise that is wanted, else -1. */
static int wanted_noise(const import *m, const char *member)
{
    if (!af_fsd_is_sound(member) || !af_fsd_is_noise(member)) return -1;
    const int k = af_fsd_names_find(&m->tables.noise, af_path_name(member));
    return k >= 0 && af_fsd_noise_used(m->layout, k, m->tables.noise.count) ? k : -1;
}

static bool want(const char *member, void *self)
{
    const af_fsd_piece *piece;
    return wanted_clip(self, member, &piece) >= 0 || wanted_noise(self, member) >= 0;
}

static af_status note(sums *t, const char *file, const void *data, size_t size)
{
    if (t->count == t->capacity) {
        int capacity = t->capacity ? 2 * t->capacity : 1024;
        sum *more = af_realloc(t->s, (size_t)capacity * sizeof *more);
        if (!more) return AF_ENOMEM;
        t->s = more;
        t->capacity = capacity;
    }
    sum *s = &t->s[t->count++];
    strcpy(s->file, file); /* it was found in the tables, so it fits */
    af_sha256_of(data, size, s->hex);
    return AF_OK;
}

static af_status take(const char *member, const void *data, size_t size, void *self)
{
    import *m = self;
    const af_fsd_piece *piece = NULL;
    const int noise = wanted_noise(m, member);
    const int clip = noise < 0 ? wanted_clip(m, member, &piece) : -1;
    char path[AF_PATH_MAX];
    int16_t *x = NULL;
    int64_t n = 0;
    AF_TRY(af_path_join(path, m->r->source, member));
    AF_TRY(note(noise < 0 ? &m->clips : &m->noise, af_path_name(member), data, size));
    AF_TRY(af_fsd_sound(&x, &n, data, size, path));
    af_status st = noise >= 0 ? af_fsd_pack_noise(m->pack, noise, x, n)
                   : piece    ? af_fsd_pack_chunk(m->pack, clip, piece->number, x, n)
                              : af_fsd_pack_clip(m->pack, clip, x, n);
    af_free(x);
    return st;
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const sum *)a)->file, ((const sum *)b)->file);
}

/* {"files": 3, "sha256_of_sha256sum": "..."} */
static json_t *sums_json(sums *t)
{
    char hex[AF_SHA256_HEX];
    af_sha256 *h = af_sha256_new();
    if (!h) return NULL;
    if (t->count) qsort(t->s, (size_t)t->count, sizeof *t->s, by_file);
    for (int k = 0; k < t->count; k++) af_sha256_addf(h, "%s  %s\n", t->s[k].hex, t->s[k].file);
    af_sha256_end(h, hex);
    return json_pack("{s:i, s:s}", "files", t->count, "sha256_of_sha256sum", hex);
}

static af_status describe(import *m, json_t **out)
{
    char hex[AF_SHA256_HEX];
    json_t *source = json_pack("{s:s, s:s, s:O, s:o}", "data", "FSD50K", "layout",
                               af_fsd_kind_names[m->tables.kind], "files", m->tables.files,
                               "sounds", sums_json(&m->clips));
    if (source && m->noise.count) json_object_set_new(source, "noise", sums_json(&m->noise));
    if (source && !af_dir_exists(m->r->source)) {
        af_status st = af_sha256_file(m->r->source, hex);
        if (st != AF_OK) {
            json_decref(source);
            return st;
        }
        json_object_set_new(
            source, "archive",
            json_pack("{s:s, s:s}", "name", af_path_name(m->r->source), "sha256", hex));
    }
    *out = source;
    return source ? AF_OK : af_fail(AF_ENOMEM, "%s: out of memory", m->r->source);
}

/* All official clips, at the size that uses all of them. */
static bool whole(const import *m)
{
    const int *count = af_fsd_pack_counts(m->pack);
    bool all = m->r->size == AF_FULL && m->tables.clips.labels == AF_FSD_LABELS;
    for (int s = 0; s < AF_SPLITS; s++) all = all && count[s] == official[s];
    for (int k = 0; k < m->tables.pieces.count; k++) all = all && m->tables.pieces.p[k].there;
    return all;
}

static af_status import_into(import *m)
{
    json_t *source = NULL;
    AF_TRY(af_fsd_tables_read(&m->tables, m->r->source));
    af_status st = af_fsd_pack_new(&m->pack, m->r, &m->tables.clips);
    if (st != AF_OK) return st == AF_EFORMAT ? af_prefix(st, "%s", m->r->source) : st;
    const int *count = af_fsd_pack_counts(m->pack);
    af_log(AF_LOG_INFO, "%s: %d + %d + %d clips are used", m->r->source, count[AF_TRAIN],
           count[AF_VALID], count[AF_TEST]);
    if (count[AF_TRAIN] < FEW)
        af_log(AF_LOG_WARN, "fsd50k: %d training clips, few to learn from", count[AF_TRAIN]);
    AF_TRY(af_tree_walk(m->r->source, MAX_SOUND, want, take, m));
    AF_TRY(describe(m, &source));
    char *text = json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(source);
    if (!text) return af_fail(AF_ENOMEM, "fsd50k: out of memory");
    st = af_fsd_pack_write(m->pack, whole(m) ? "real" : "partial", text);
    free(text); /* jansson's */
    return st;
}

af_status af_fsd_raw_import(const af_prep_request *r)
{
    struct import m = {.r = r, .layout = &af_fsd_layouts[r->size]};
    af_status st = import_into(&m);
    af_fsd_pack_free(m.pack);
    af_fsd_tables_close(&m.tables);
    af_free(m.clips.s);
    af_free(m.noise.s);
    return st;
}
