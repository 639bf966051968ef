/* Tables are read by the names of their columns. Every label must be of the vocabulary, every clip
 * have one: a file that is cut short or of another data set does not pass. */
#include "data-prep/fsd50k/truth.h"
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/csv.h"

static af_status copy_name(char out[AF_FSD_NAME], const char *from, const char *path, long line)
{
    size_t n = strlen(from);
    if (n < 1 || n >= AF_FSD_NAME)
        return af_fail(AF_EFORMAT, "%s:%ld: \"%.60s\", want a name of 1 to %d bytes", path, line,
                       from, AF_FSD_NAME - 1);
    memcpy(out, from, n + 1);
    return AF_OK;
}

/* ---- vocabularies ---- */

static af_status add_label(af_fsd_clips *s, long index, const char *name, const char *path,
                           long line)
{
    if (index != s->labels || index >= AF_FSD_LABELS)
        return af_fail(AF_EFORMAT, "%s:%ld: label %ld, want %d (at most %d labels, in order)", path,
                       line, index, s->labels, AF_FSD_LABELS);
    if (af_fsd_label_find(s, name) >= 0)
        return af_fail(AF_EFORMAT, "%s:%ld: label %.60s occurs twice", path, line, name);
    return copy_name(s->vocabulary[s->labels++], name, path, line);
}

af_status af_fsd_vocabulary_csv(af_fsd_clips *s, const char *text, size_t size, const char *path)
{
    af_csv c;
    bool more = true;
    s->labels = 0;
    af_status st = af_csv_open(&c, text, size, path);
    while (st == AF_OK && (st = af_csv_next(&c, &more)) == AF_OK && more) {
        char *end;
        errno = 0;
        long index = c.fields >= 2 ? strtol(c.field[0], &end, 10) : -1;
        if (c.fields < 2 || errno || end == c.field[0] || *end)
            st = af_fail(AF_EFORMAT, "%s:%ld: want a line such as 0,Accordion,/m/0mkg", path,
                         c.line);
        else
            st = add_label(s, index, c.field[1], path, c.line);
    }
    af_csv_close(&c);
    if (st == AF_OK && !s->labels) st = af_fail(AF_EFORMAT, "%s: no labels in it", path);
    return st;
}

static af_status place_label(af_fsd_clips *s, const char *name, const json_t *at, const char *path)
{
    json_int_t index = json_is_integer(at) ? json_integer_value(at) : -1;
    if (index < 0 || index >= s->labels || *s->vocabulary[index])
        return af_fail(AF_EFORMAT, "%s: label \"%.60s\": want every number from 0 to %d once", path,
                       name, s->labels - 1);
    return copy_name(s->vocabulary[index], name, path, 1);
}

af_status af_fsd_vocabulary_json(af_fsd_clips *s, const char *text, size_t size, const char *path)
{
    json_error_t e;
    json_t *map = json_loadb(text, size, JSON_REJECT_DUPLICATES, &e);
    const size_t count = json_object_size(map);
    af_status st = AF_OK;
    const char *name;
    json_t *at;
    if (count < 1 || count > AF_FSD_LABELS) {
        st = af_fail(AF_EFORMAT, "%s:%d: %s, want an object of 1 to %d labels", path,
                     map ? 1 : e.line, map ? "too many or no labels" : e.text, AF_FSD_LABELS);
        json_decref(map);
        return st;
    }
    memset(s->vocabulary, 0, sizeof s->vocabulary);
    s->labels = (int)count;
    json_object_foreach(map, name, at)
    {
        if (st == AF_OK) st = place_label(s, name, at, path);
    }
    json_decref(map);
    return st;
}

/* ---- tables of clips ---- */

static int column(const af_csv *c, const char *name)
{
    for (int i = 0; i < c->fields; i++)
        if (!strcmp(c->field[i], name)) return i;
    return -1;
}

/* Reads the first line; at[i] is where column names[i] is. */
static af_status header(af_csv *c, int *at, const char *const *names, int count)
{
    bool more;
    AF_TRY(af_csv_next(c, &more));
    for (int i = 0; i < count; i++)
        if (!more || (at[i] = column(c, names[i])) < 0)
            return af_fail(AF_EFORMAT, "%s:1: no column '%s'", c->path, names[i]);
    return AF_OK;
}

/* Every line must have the columns. */
static af_status complete(const af_csv *c, const int *at, int count)
{
    for (int i = 0; i < count; i++)
        if (at[i] >= c->fields)
            return af_fail(AF_EFORMAT,
                           "%s:%ld: %d fields, want at least %d; the file is damaged or cut "
                           "short",
                           c->path, c->line, c->fields, at[i] + 1);
    return AF_OK;
}

/* "Bark,Dog"; `names` is cut up. */
static af_status set_labels(af_fsd_clip *clip, const af_fsd_clips *s, char *names, const af_csv *c)
{
    char *rest = NULL;
    int found = 0;
    for (char *n = strtok_r(names, ",", &rest); n; n = strtok_r(NULL, ",", &rest), found++) {
        int k = af_fsd_label_find(s, n);
        if (k < 0)
            return af_fail(AF_EFORMAT, "%s:%ld: label \"%.60s\" is not in the vocabulary", c->path,
                           c->line, n);
        af_fsd_label_set(clip, k);
    }
    return found ? AF_OK : af_fail(AF_EFORMAT, "%s:%ld: no label", c->path, c->line);
}

static af_status add_clip(af_fsd_clips *s, const af_csv *c, const char *name, af_split split,
                          char *labels)
{
    char kept[AF_FSD_NAME];
    AF_TRY(copy_name(kept, name, c->path, c->line));
    af_fsd_clip *clip = af_fsd_clips_add(s, kept, split);
    return clip ? set_labels(clip, s, labels, c) : AF_ENOMEM;
}

static af_status split_of(af_split *out, const af_csv *c, const char *text)
{
    bool train = !strcmp(text, "train");
    if (!train && strcmp(text, "val"))
        return af_fail(AF_EFORMAT, "%s:%ld: split \"%.60s\", want train or val", c->path, c->line,
                       text);
    *out = train ? AF_TRAIN : AF_VALID;
    return AF_OK;
}

af_status af_fsd_truth_csv(af_fsd_clips *s, af_split split, const char *text, size_t size,
                           const char *path)
{
    static const char *const names[] = {"fname", "labels", "split"};
    const int columns = split == AF_TEST ? 2 : 3;
    af_csv c;
    int at[3];
    bool more = true;
    af_status st = af_csv_open(&c, text, size, path);
    if (st == AF_OK) st = header(&c, at, names, columns);
    while (st == AF_OK && (st = af_csv_next(&c, &more)) == AF_OK && more) {
        st = complete(&c, at, columns);
        if (st == AF_OK && columns == 3) st = split_of(&split, &c, c.field[at[2]]);
        if (st == AF_OK) st = add_clip(s, &c, c.field[at[0]], split, c.field[at[1]]);
    }
    af_csv_close(&c);
    return st;
}

/* ---- tables of chunks ---- */

static af_status add_piece(af_fsd_pieces *s, const af_csv *c, const char *file, const char *clip)
{
    if (s->count == s->capacity) {
        int capacity = s->capacity ? 2 * s->capacity : 1024;
        af_fsd_piece *p = af_realloc(s->p, (size_t)capacity * sizeof *p);
        if (!p) return AF_ENOMEM;
        s->p = p;
        s->capacity = capacity;
    }
    af_fsd_piece *p = &s->p[s->count];
    *p = (af_fsd_piece){.number = s->count};
    AF_TRY(copy_name(p->file, af_path_name(file), c->path, c->line));
    AF_TRY(copy_name(p->clip, clip, c->path, c->line));
    s->count++;
    return AF_OK;
}

/* A clip for every row; those that agree become one afterwards. */
static af_status take_row(af_fsd_clips *s, af_fsd_pieces *pieces, af_split split, const af_csv *c,
                          const int *at)
{
    AF_TRY(add_piece(pieces, c, c->field[at[0]], c->field[at[2]]));
    return add_clip(s, c, c->field[at[2]], split, c->field[at[1]]);
}

af_status af_fsd_pieces_csv(af_fsd_clips *s, af_fsd_pieces *pieces, af_split split,
                            const char *text, size_t size, const char *path)
{
    static const char *const names[] = {"files", "labels", "ext"};
    af_csv c;
    int at[3];
    bool more = true;
    af_status st = af_csv_open(&c, text, size, path);
    if (st == AF_OK) st = header(&c, at, names, 3);
    while (st == AF_OK && (st = af_csv_next(&c, &more)) == AF_OK && more) {
        st = complete(&c, at, 3);
        if (st == AF_OK) st = take_row(s, pieces, split, &c, at);
    }
    af_csv_close(&c);
    return st;
}

static int by_file(const void *a, const void *b)
{
    return strcmp(((const af_fsd_piece *)a)->file, ((const af_fsd_piece *)b)->file);
}

af_status af_fsd_pieces_sort(af_fsd_pieces *s, const char *path)
{
    if (s->count) qsort(s->p, (size_t)s->count, sizeof *s->p, by_file);
    for (int k = 1; k < s->count; k++)
        if (!by_file(&s->p[k - 1], &s->p[k]))
            return af_fail(AF_EFORMAT, "%s: file %s is listed twice", path, s->p[k].file);
    return AF_OK;
}

af_fsd_piece *af_fsd_pieces_find(const af_fsd_pieces *s, const char *file)
{
    af_fsd_piece key;
    if (!s->count || strlen(file) >= sizeof key.file) return NULL;
    snprintf(key.file, sizeof key.file, "%s", file);
    return bsearch(&key, s->p, (size_t)s->count, sizeof key, by_file);
}

void af_fsd_pieces_close(af_fsd_pieces *s)
{
    af_free(s->p);
    *s = (af_fsd_pieces){0};
}
