/* Collects the files of a directory or an archive as they come, in any order, then matches headers,
 * recordings and labels. Signals are kept as int16: 160 MB for the whole training set.
 *
 * Not checked: the header's initial value. The challenge revised some recordings and left the
 * headers (16 of the 300 published for validation carry another first sample). */
#include "data-prep/ecg/physionet.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"
#include "data-prep/formats/archive.h"
#include "data-prep/formats/mat4.h"
#include "data-prep/formats/wfdb.h"

enum { MAX_FILE = 1 << 20 };
static const char *const labels_by_rank[] = {"REFERENCE-v3.csv", "REFERENCE-v2.csv",
                                             "REFERENCE.csv",    "REFERENCE-v1.csv",
                                             "REFERENCE-v0.csv", NULL};

typedef struct extent { /* what a .hea says and a .mat must match */
    char name[AF_ECG_NAME];
    int64_t samples, offset;
} extent;

typedef struct collection {
    const char *path;
    af_ecg_records *records;
    extent *heads, *mats; /* growing lists; mats goes with records */
    size_t head_count, head_capacity, mat_count, mat_capacity;
    char *reference, *reference_path;
    size_t reference_size;
    int rank;
    json_t *files; /* name -> SHA-256; NULL in an archive */
} collection;

static bool ends(const char *name, const char *ending)
{
    size_t n = strlen(name), e = strlen(ending);
    return n > e && !strcmp(name + n - e, ending);
}

static int rank_of(const char *name)
{
    int rank = 0;
    while (labels_by_rank[rank] && strcmp(labels_by_rank[rank], name)) rank++;
    return rank;
}

/* "._A00001.mat" and the like are macOS resource forks, common in re-packed archives. */
static bool wanted(const char *member)
{
    const char *name = af_path_name(member);
    return name[0] != '.' &&
           (ends(name, ".mat") || ends(name, ".hea") || labels_by_rank[rank_of(name)]);
}

static af_status note(extent **list, size_t *count, size_t *capacity, const extent *n)
{
    if (*count == *capacity) {
        size_t more = *capacity ? 2 * *capacity : 256;
        extent *grown = af_realloc(*list, more * sizeof *grown);
        if (!grown) return AF_ENOMEM;
        *list = grown;
        *capacity = more;
    }
    (*list)[(*count)++] = *n;
    return AF_OK;
}

static af_status name_of(char out[AF_ECG_NAME], const char *file, const char *path)
{
    size_t length = strlen(file) - 4; /* .mat, .hea */
    if (length >= AF_ECG_NAME)
        return af_fail(AF_EFORMAT, "%s: record name of %zu bytes, want at most %d", path, length,
                       AF_ECG_NAME - 1);
    memset(out, 0, AF_ECG_NAME);
    memcpy(out, file, length);
    return AF_OK;
}

static af_status take_mat(collection *c, const char *file, const void *data, size_t size,
                          const char *path)
{
    af_mat4 m;
    extent n = {0};
    AF_TRY(name_of(n.name, file, path));
    AF_TRY(af_mat4_find(&m, data, size, "val", path));
    if (m.type != AF_MAT4_INT16 || m.rows != 1 || m.cols < 1)
        return af_fail(AF_EFORMAT, "%s: 'val' is %lld x %lld of type %d, want int16, 1 x samples",
                       path, (long long)m.rows, (long long)m.cols, (int)m.type);
    n.samples = m.cols;
    n.offset = (int64_t)m.offset;
    AF_TRY(note(&c->mats, &c->mat_count, &c->mat_capacity, &n));
    af_ecg_record *r = af_ecg_records_add(c->records, (int)m.cols);
    if (!r) return AF_ENOMEM;
    memcpy(r->name, n.name, sizeof n.name);
    af_mat4_int16(r->x, &m);
    return AF_OK;
}

/* Everything a header says that does not need the recording. */
static af_status take_hea(collection *c, const char *file, const char *data, size_t size,
                          const char *path)
{
    af_wfdb_header h;
    extent n = {0};
    AF_TRY(name_of(n.name, file, path));
    AF_TRY(af_wfdb_parse(&h, data, size, path));
    const af_wfdb_signal *s = &h.signal[0];
    if (strcmp(h.record, n.name) || strncmp(s->file, n.name, strlen(n.name)) ||
        strcmp(s->file + strlen(n.name), ".mat"))
        return af_fail(AF_EFORMAT, "%s: describes record %s in %s, want %s in %s.mat", path,
                       h.record, s->file, n.name, n.name);
    if (h.signals != 1 || h.frequency != AF_ECG_RATE)
        return af_fail(AF_EFORMAT, "%s: %d signals at %g Hz, want one at %d Hz", path, h.signals,
                       h.frequency, AF_ECG_RATE);
    if (s->format != 16 || s->gain != 1000 || strcmp(s->units, "mV") || s->baseline != 0)
        return af_fail(AF_EFORMAT, "%s: format %d, gain %g/%s, baseline %lld; want 16, 1000/mV, 0",
                       path, s->format, s->gain, s->units, (long long)s->baseline);
    n.samples = h.samples;
    n.offset = s->byte_offset;
    return note(&c->heads, &c->head_count, &c->head_capacity, &n);
}

static af_status take_reference(collection *c, int rank, const void *data, size_t size,
                                const char *path)
{
    if (rank >= c->rank) return AF_OK;
    char *copy = af_alloc(size + 1), *where = af_strdup(path);
    if (!copy || !where) {
        af_free(copy);
        af_free(where);
        return AF_ENOMEM;
    }
    memcpy(copy, data, size);
    af_free(c->reference);
    af_free(c->reference_path);
    c->reference = copy;
    c->reference_path = where;
    c->reference_size = size;
    c->rank = rank;
    return AF_OK;
}

static af_status take(const char *member, const void *data, size_t size, void *payload)
{
    collection *c = payload;
    const char *file = af_path_name(member);
    char path[AF_PATH_MAX];
    AF_TRY(af_path_join(path, c->path, member));
    if (c->files) {
        char hex[AF_SHA256_HEX];
        af_sha256_of(data, size, hex);
        if (json_object_set_new(c->files, file, json_string(hex)))
            return af_fail(AF_ENOMEM, "%s: name is not UTF-8, or out of memory", path);
    }
    if (ends(file, ".mat")) return take_mat(c, file, data, size, path);
    if (ends(file, ".hea")) return take_hea(c, file, data, size, path);
    return take_reference(c, rank_of(file), data, size, path);
}

static af_status from_file(collection *c, const char *path, const char *name)
{
    char *data;
    size_t size;
    AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
    af_status st = take(name, data, size, c);
    af_free(data);
    return st;
}

static af_status from_directory(collection *c)
{
    char **names, path[AF_PATH_MAX];
    size_t count;
    af_status st = AF_OK;
    AF_TRY(af_dir_list(&names, &count, c->path));
    for (size_t i = 0; i < count; i++) {
        if (!wanted(names[i])) continue;
        AF_GOTO(st, done, af_path_join(path, c->path, names[i]));
        AF_GOTO(st, done, from_file(c, path, names[i]));
    }
done:
    af_free(names);
    return st;
}

/* The challenge publishes its corrected labels beside the archive, not in it. */
static af_status from_archive(collection *c)
{
    AF_TRY(af_archive_each(c->path, MAX_FILE, wanted, take, c));
    char directory[AF_PATH_MAX], path[AF_PATH_MAX];
    AF_TRY(af_path_format(directory, "%s", c->path));
    char *slash = strrchr(directory, '/');
    if (slash)
        slash[1] = 0;
    else
        directory[0] = 0;
    for (int rank = 0; rank < c->rank && labels_by_rank[rank]; rank++) {
        AF_TRY(af_path_format(path, "%s%s", directory, labels_by_rank[rank]));
        if (!af_file_exists(path)) continue;
        char *data;
        size_t size;
        AF_TRY(af_file_read(&data, &size, path, MAX_FILE));
        af_status st = take_reference(c, rank, data, size, path);
        af_free(data);
        AF_TRY(st);
    }
    return AF_OK;
}

/* record, extent and af_ecg_reference all begin with their name. */
static int by_name(const void *a, const void *b)
{
    return strcmp(a, b);
}

static af_status match_heads(collection *c)
{
    if (c->head_count) qsort(c->heads, c->head_count, sizeof *c->heads, by_name);
    if (c->mat_count) qsort(c->mats, c->mat_count, sizeof *c->mats, by_name);
    for (size_t i = 1; i < c->mat_count; i++)
        if (!by_name(&c->mats[i - 1], &c->mats[i]))
            return af_fail(AF_EFORMAT, "%s: record %s occurs twice", c->path, c->mats[i].name);
    for (size_t i = 0; i < c->head_count; i++) {
        const extent *h = &c->heads[i];
        const extent *m =
            c->mat_count ? bsearch(h, c->mats, c->mat_count, sizeof *m, by_name) : NULL;
        if (!m)
            return af_fail(AF_ENOTFOUND,
                           "%s: %s.hea without %s.mat; get the recording or remove "
                           "the header",
                           c->path, h->name, h->name);
        if ((h->samples && h->samples != m->samples) || h->offset != m->offset)
            return af_fail(AF_EFORMAT,
                           "%s: %s.hea says %lld samples from byte %lld, %s.mat has "
                           "%lld from byte %lld",
                           c->path, h->name, (long long)h->samples, (long long)h->offset, h->name,
                           (long long)m->samples, (long long)m->offset);
    }
    return AF_OK;
}

static af_status match_labels(collection *c)
{
    if (!c->reference)
        return af_fail(AF_ENOTFOUND,
                       "%s: no REFERENCE-v3.csv or REFERENCE.csv in it%s; it holds "
                       "the labels",
                       c->path, c->files ? "" : " or beside it");
    af_ecg_reference *list;
    int count;
    AF_TRY(
        af_physionet_reference(&list, &count, c->reference, c->reference_size, c->reference_path));
    af_status st = AF_OK;
    for (int k = 0; k < c->records->count && st == AF_OK; k++) {
        af_ecg_record *r = &c->records->r[k];
        const af_ecg_reference *found =
            bsearch(r->name, list, (size_t)count, sizeof *list, by_name);
        if (found)
            r->label = found->label;
        else
            st = af_fail(AF_ENOTFOUND, "%s: no label for record %s", c->reference_path, r->name);
    }
    af_free(list);
    if (st == AF_OK)
        af_log(AF_LOG_INFO, "%d of %d labelled records, labels of %s", c->records->count, count,
               c->reference_path);
    return st;
}

static af_status collect(collection *c, json_t **source)
{
    char hex[AF_SHA256_HEX] = "";
    if (af_dir_exists(c->path)) {
        c->files = json_object();
        if (!c->files) return af_fail(AF_ENOMEM, "%s: out of memory", c->path);
        AF_TRY(from_directory(c));
    } else {
        if (!af_file_exists(c->path))
            return af_fail(AF_ENOTFOUND, "%s: no such file or directory", c->path);
        AF_TRY(from_archive(c));
        AF_TRY(af_sha256_file(c->path, hex));
    }
    if (!c->records->count)
        return af_fail(AF_ENOTFOUND,
                       "%s: no ECG records (A00001.mat ...) in it; name the directory or archive "
                       "that holds them",
                       c->path);
    AF_TRY(match_heads(c));
    AF_TRY(match_labels(c));
    qsort(c->records->r, (size_t)c->records->count, sizeof *c->records->r, by_name);
    char labels[AF_SHA256_HEX];
    af_sha256_of(c->reference, c->reference_size, labels);
    *source = json_pack("{s:s, s:s, s:s, s:i, s:i}", "data", "PhysioNet/CinC Challenge 2017",
                        "labels", af_path_name(c->reference_path), "labels_sha256", labels,
                        "records", c->records->count, "headers", (int)c->head_count);
    int bad = !*source ||
              (c->files ? json_object_set(*source, "files", c->files)
                        : json_object_set_new(*source, "archive",
                                              json_pack("{s:s, s:s}", "name", af_path_name(c->path),
                                                        "sha256", hex)));
    return bad ? af_fail(AF_ENOMEM, "%s: name is not UTF-8, or out of memory", c->path) : AF_OK;
}

af_status af_physionet_read(af_ecg_records *out, json_t **source, const char *path)
{
    *out = (af_ecg_records){0};
    *source = NULL;
    collection c = {.path = path, .records = out, .rank = rank_of("")};
    af_status st = collect(&c, source);
    af_free(c.heads);
    af_free(c.mats);
    af_free(c.reference);
    af_free(c.reference_path);
    json_decref(c.files);
    if (st != AF_OK) {
        af_ecg_records_close(out);
        json_decref(*source);
        *source = NULL;
    }
    return st;
}
