/* Text files are kept until all were seen, as they come in any order, then read in theirs. */
#include "data-prep/fsd50k/tables.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "data-prep/formats/content.h"
#include "data-prep/formats/tree.h"

enum { MAX_TEXT = 256 << 20 };
static const char want_text[] =
    "dev.csv, eval.csv and vocabulary.csv of FSD50K, or tr.csv, val.csv, eval.csv and lbl_map.json "
    "of NAS-Bench-360's chunks, with the sounds, in a directory or an archive";
const char *const af_fsd_kind_names[AF_FSD_KINDS] = {"FSD50K", "NAS-Bench-360 chunks"};

typedef enum role { VOCABULARY, MAP, DEV, EVAL, TRAIN, VALID, ROLES } role;
static const char *const role_files[ROLES] = {
    [VOCABULARY] = "vocabulary.csv",
    [MAP] = "lbl_map.json",
    [DEV] = "dev.csv",
    [EVAL] = "eval.csv",
    [TRAIN] = "tr.csv",
    [VALID] = "val.csv",
};
static const role needed[AF_FSD_KINDS][4] = {{VOCABULARY, DEV, EVAL, ROLES},
                                             {MAP, TRAIN, VALID, EVAL}};

typedef struct scan {
    const char *path;
    af_fsd_tables *t;
    char *text[ROLES], *where[ROLES];
    size_t size[ROLES];
    af_fsd_names sounds;
    af_status failed;
} scan;

static role role_of(const char *member)
{
    int r = 0;
    while (r < ROLES && strcmp(af_path_name(member), role_files[r])) r++;
    return (role)r;
}

static af_status remember(scan *s, const char *member)
{
    const char *name = af_path_name(member);
    const bool noise = af_fsd_is_noise(member), fits = strlen(name) < AF_FSD_NAME;
    if (noise && !fits)
        return af_fail(AF_EFORMAT, "%s/%s: want a name of at most %d bytes", s->path, member,
                       AF_FSD_NAME - 1);
    if (!fits) return AF_OK; /* no name of the tables is so long */
    return af_fsd_names_add(noise ? &s->t->noise : &s->sounds, name);
}

static bool want(const char *member, void *self)
{
    scan *s = self;
    if (s->failed == AF_OK && af_fsd_is_sound(member)) s->failed = remember(s, member);
    return role_of(member) != ROLES;
}

static af_status take(const char *member, const void *data, size_t size, void *self)
{
    scan *s = self;
    role r = role_of(member);
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX];
    AF_TRY(af_path_join(path, s->path, member));
    if (s->text[r])
        return af_fail(AF_EFORMAT,
                       "%s: a second file of this name, beside %s; name a directory with "
                       "one",
                       path, s->where[r]);
    s->text[r] = af_alloc(size + 1);
    s->where[r] = af_strdup(path);
    if (!s->text[r] || !s->where[r]) return AF_ENOMEM;
    memcpy(s->text[r], data, size);
    s->size[r] = size;
    af_sha256_of(data, size, hex);
    return json_object_set_new(s->t->files, role_files[r], json_string(hex))
               ? af_fail(AF_ENOMEM, "%s: out of memory", path)
               : AF_OK;
}

static af_status which_layout(scan *s)
{
    bool official = s->text[DEV] != NULL, chunked = s->text[TRAIN] != NULL;
    if (official && chunked)
        return af_fail(AF_EFORMAT,
                       "%s: both layouts are in it, dev.csv and tr.csv; name one of them", s->path);
    if (!official && !chunked) return af_refuse(s->path, want_text);
    s->t->kind = official ? AF_FSD_OFFICIAL : AF_FSD_CHUNKED;
    for (int i = 0; i < 4 && needed[s->t->kind][i] != ROLES; i++)
        if (!s->text[needed[s->t->kind][i]])
            return af_fail(AF_ENOTFOUND, "%s: no %s in it", s->path,
                           role_files[needed[s->t->kind][i]]);
    return AF_OK;
}

static af_status read_official(scan *s)
{
    af_fsd_clips *c = &s->t->clips;
    AF_TRY(
        af_fsd_vocabulary_csv(c, s->text[VOCABULARY], s->size[VOCABULARY], s->where[VOCABULARY]));
    AF_TRY(af_fsd_truth_csv(c, AF_TRAIN, s->text[DEV], s->size[DEV], s->where[DEV]));
    AF_TRY(af_fsd_truth_csv(c, AF_TEST, s->text[EVAL], s->size[EVAL], s->where[EVAL]));
    return af_fsd_clips_sort(c, s->path);
}

static af_status read_chunked(scan *s)
{
    static const struct {
        role role;
        af_split split;
    } lists[] = {{TRAIN, AF_TRAIN}, {VALID, AF_VALID}, {EVAL, AF_TEST}};
    af_fsd_tables *t = s->t;
    AF_TRY(af_fsd_vocabulary_json(&t->clips, s->text[MAP], s->size[MAP], s->where[MAP]));
    for (int i = 0; i < 3; i++)
        AF_TRY(af_fsd_pieces_csv(&t->clips, &t->pieces, lists[i].split, s->text[lists[i].role],
                                 s->size[lists[i].role], s->where[lists[i].role]));
    AF_TRY(af_fsd_clips_merge(&t->clips, s->path));
    return af_fsd_pieces_sort(&t->pieces, s->path);
}

int af_fsd_tables_clip(const af_fsd_tables *t, const char *member, const af_fsd_piece **piece)
{
    const char *file = af_path_name(member);
    char name[AF_FSD_NAME];
    *piece = NULL;
    if (t->kind == AF_FSD_CHUNKED) {
        *piece = af_fsd_pieces_find(&t->pieces, file);
        return *piece ? af_fsd_clips_find(&t->clips, (*piece)->clip) : -1;
    }
    const char *dot = strrchr(file, '.');
    size_t n = dot ? (size_t)(dot - file) : strlen(file);
    if (n >= AF_FSD_NAME) return -1;
    snprintf(name, sizeof name, "%.*s", (int)n, file);
    return af_fsd_clips_find(&t->clips, name);
}

static af_status mark(scan *s, const char *file)
{
    const af_fsd_piece *found;
    int clip = af_fsd_tables_clip(s->t, file, &found);
    if (clip < 0) return AF_OK;
    af_fsd_piece *piece = found ? af_fsd_pieces_find(&s->t->pieces, file) : NULL;
    bool *there = piece ? &piece->there : &s->t->clips.c[clip].there;
    if (*there)
        return af_fail(AF_EFORMAT, "%s: two sound files are named %s; name a directory with one",
                       s->path, file);
    *there = s->t->clips.c[clip].there = true;
    s->t->sounds++;
    return AF_OK;
}

/* Only the tables tell a clip from a recording of noise, and they may come last. */
static af_status take_clips_from_noise(scan *s)
{
    const af_fsd_piece *ignored;
    af_fsd_names *noise = &s->t->noise;
    int kept = 0;
    for (int k = 0; k < noise->count; k++)
        if (af_fsd_tables_clip(s->t, noise->n[k], &ignored) >= 0)
            AF_TRY(af_fsd_names_add(&s->sounds, noise->n[k]));
        else
            memmove(noise->n[kept++], noise->n[k], sizeof *noise->n);
    noise->count = kept;
    return AF_OK;
}

/* ---- chunks are numbered within their clip ---- */

typedef struct turn { /* chunk `piece` of the sorted table was row `number` of the lists */
    int number, piece;
} turn;

static int by_number(const void *a, const void *b)
{
    const turn *x = a, *y = b;
    return (x->number > y->number) - (x->number < y->number);
}

static af_status number_pieces(af_fsd_tables *t)
{
    const int count = t->pieces.count;
    turn *order = af_alloc((size_t)count * sizeof *order);
    if (!order) return AF_ENOMEM;
    for (int k = 0; k < count; k++) order[k] = (turn){t->pieces.p[k].number, k};
    if (count) qsort(order, (size_t)count, sizeof *order, by_number);
    for (int k = 0; k < count; k++) {
        af_fsd_piece *p = &t->pieces.p[order[k].piece];
        int clip = af_fsd_clips_find(&t->clips, p->clip);
        if (p->there && clip >= 0) p->number = t->clips.c[clip].chunks++;
    }
    af_free(order);
    return AF_OK;
}

static af_status read_all(scan *s)
{
    if (!af_dir_exists(s->path)) AF_TRY(af_want_content(s->path, AF_CONTENT_ARCHIVE, want_text));
    AF_TRY(af_tree_walk(s->path, MAX_TEXT, want, take, s));
    AF_TRY(s->failed);
    AF_TRY(which_layout(s));
    AF_TRY(s->t->kind == AF_FSD_OFFICIAL ? read_official(s) : read_chunked(s));
    AF_TRY(take_clips_from_noise(s));
    AF_TRY(af_fsd_names_sort(&s->t->noise, s->path));
    for (int k = 0; k < s->sounds.count; k++) AF_TRY(mark(s, s->sounds.n[k]));
    if (s->t->kind == AF_FSD_CHUNKED) AF_TRY(number_pieces(s->t));
    af_log(AF_LOG_INFO,
           "%s: %d clips in the tables, %d sound files of them, %d labels, %d recordings of noise",
           s->path, s->t->clips.count, s->t->sounds, s->t->clips.labels, s->t->noise.count);
    return AF_OK;
}

af_status af_fsd_tables_read(af_fsd_tables *out, const char *path)
{
    *out = (af_fsd_tables){.files = json_object()};
    scan *s = af_calloc(1, sizeof *s);
    if (!out->files || !s) {
        af_free(s);
        return AF_ENOMEM;
    }
    s->path = path;
    s->t = out;
    af_status st = read_all(s);
    for (int r = 0; r < ROLES; r++) {
        af_free(s->text[r]);
        af_free(s->where[r]);
    }
    af_fsd_names_close(&s->sounds);
    af_free(s);
    return st;
}

void af_fsd_tables_close(af_fsd_tables *t)
{
    af_fsd_clips_close(&t->clips);
    af_fsd_pieces_close(&t->pieces);
    af_fsd_names_close(&t->noise);
    json_decref(t->files);
    t->files = NULL;
}
