/* JSON Lines with a checksum. A line ends in "sha":"<16 digits>"} and the checksum covers its bytes
 * as they would be without that member, so a line is verified before it is parsed. The file is the
 * intact lines, then at most one torn one; an append that fails takes back what it wrote. */
#include "core/base/jsonl.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/sha256.h"

enum { SHA_DIGITS = 16, SEAL_SIZE = sizeof "\"sha\":\"\"}" - 1 + SHA_DIGITS };
static const size_t MAX_SIZE = (size_t)4 << 30;

struct af_jsonl {
    int fd;
    off_t end;   /* of the last intact line */
    bool broken; /* a failed append could not be taken back */
    char path[AF_PATH_MAX];
};

typedef af_status line_fn(json_t *object, long line, void *payload);

/* `"sha":"..."}` for an object whose text is the `size` bytes of `body` and a brace. */
static void seal(char out[SEAL_SIZE + 1], const char *body, size_t size)
{
    char hex[AF_SHA256_HEX];
    af_sha256_of(body, size, hex);
    snprintf(out, SEAL_SIZE + 1, "\"sha\":\"%.*s\"}", SHA_DIGITS, hex);
}

/* Whether the checksum of a line holds. `line` is ours to write to; it is left as it was. */
static bool intact(char *line, size_t size)
{
    char want[SEAL_SIZE + 1];
    if (size < SEAL_SIZE + 1 || line[0] != '{') return false;
    char *at = line + size - SEAL_SIZE;
    bool alone = at == line + 1; /* the only member: no comma before it */
    if (!alone && *--at != ',') return false;
    char kept = *at;
    *at = '}';
    seal(want, line, (size_t)(at - line) + 1);
    *at = kept;
    return !memcmp(line + size - SEAL_SIZE, want, SEAL_SIZE);
}

static af_status damaged(const char *path, long line, const char *why)
{
    return af_fail(AF_EFORMAT,
                   "%s:%ld: damaged line (%s); restore the file from a copy, or delete it to start "
                   "over",
                   path, line, why);
}

static af_status give(const char *path, const char *text, size_t size, long line, line_fn *each,
                      void *payload)
{
    json_error_t error;
    json_t *object = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
    if (!object) return damaged(path, line, error.text);
    json_object_del(object, "sha");
    af_status st = each(object, line, payload);
    json_decref(object);
    return st;
}

/* Goes through all lines; *end is where the intact ones end. */
static af_status scan(size_t *end, const char *path, char *text, size_t size, line_fn *each,
                      void *payload)
{
    *end = 0;
    for (long line = 1; *end < size; line++) {
        char *start = text + *end, *newline = memchr(start, '\n', size - *end);
        size_t next = newline ? (size_t)(newline - text) + 1 : size;
        bool good = newline && intact(start, (size_t)(newline - start));
        if (!newline && (line > 1 || *start == '{')) break; /* torn by a crash */
        if (!good) return damaged(path, line, "its checksum does not hold");
        if (each) AF_TRY(give(path, start, (size_t)(newline - start), line, each, payload));
        *end = next;
    }
    return AF_OK;
}

af_status af_jsonl_read(const char *path, line_fn *each, void *payload)
{
    char *text;
    size_t size, end;
    if (access(path, F_OK) && errno == ENOENT) return AF_OK;
    AF_TRY(af_file_read(&text, &size, path, MAX_SIZE));
    af_status st = scan(&end, path, text, size, each, payload);
    af_free(text);
    return st;
}

static af_status cut_torn_line(af_jsonl *j)
{
    char *text;
    size_t size, end;
    AF_TRY(af_file_read(&text, &size, j->path, MAX_SIZE));
    af_status st = scan(&end, j->path, text, size, NULL, NULL);
    af_free(text);
    if (st != AF_OK) return st;
    j->end = (off_t)end;
    if (end == size) return AF_OK;
    if (ftruncate(j->fd, j->end) || fsync(j->fd))
        return af_file_fail(j->path, "cannot cut off a torn last line");
    af_log(AF_LOG_WARN, "%s: cut off a torn last line of %zu bytes", j->path, size - end);
    return AF_OK;
}

static af_status prepare(af_jsonl *j)
{
    struct stat info;
    if (fstat(j->fd, &info)) return af_file_fail(j->path, "cannot open");
    if (!S_ISREG(info.st_mode))
        return af_fail(AF_EIO, "%s: not a regular file; choose another path", j->path);
    if (flock(j->fd, LOCK_EX | LOCK_NB))
        return errno == EWOULDBLOCK
                   ? af_fail(AF_EIO,
                             "%s: another process is writing it; wait for that one, or choose "
                             "another directory",
                             j->path)
                   : af_file_fail(j->path, "cannot lock");
    return cut_torn_line(j);
}

af_status af_jsonl_open(af_jsonl **out, const char *path)
{
    af_status st;
    af_jsonl *j = af_calloc(1, sizeof *j);
    if (!j) return AF_ENOMEM;
    j->fd = -1;
    AF_GOTO(st, failed, af_path_format(j->path, "%s", path));
    j->fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    if (j->fd < 0) AF_GOTO(st, failed, af_file_fail(path, "cannot open for appending"));
    AF_GOTO(st, failed, prepare(j));
    if (j->end == 0) AF_GOTO(st, failed, af_file_sync_directory(path));
    *out = j;
    return AF_OK;
failed:
    af_jsonl_close(j);
    return st;
}

/* The line for `object` with its checksum and newline. */
static af_status encode(char **line, size_t *size, const json_t *object)
{
    size_t body = json_dumpb(object, NULL, 0, JSON_COMPACT);
    if (!json_is_object(object) || !body || json_object_get(object, "sha"))
        return af_fail(AF_EINTERNAL,
                       "a journal line must be a JSON object without a member \"sha\"");
    char *text = af_alloc(body + SEAL_SIZE + 2), sealed[SEAL_SIZE + 1];
    if (!text) return AF_ENOMEM;
    json_dumpb(object, text, body, JSON_COMPACT);
    seal(sealed, text, body);
    *size = body - 1; /* over the closing brace */
    if (body > 2) text[(*size)++] = ',';
    memcpy(text + *size, sealed, SEAL_SIZE);
    *size += SEAL_SIZE;
    text[(*size)++] = '\n';
    *line = text;
    return AF_OK;
}

static bool append_all(int fd, const char *text, size_t size)
{
    while (size) {
        ssize_t n = write(fd, text, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        text += n;
        size -= (size_t)n;
    }
    return fdatasync(fd) == 0;
}

af_status af_jsonl_append(af_jsonl *j, json_t *object)
{
    char *text = NULL;
    size_t size = 0;
    if (j->broken)
        return af_fail(AF_EIO, "%s: an earlier append failed half-way; open it anew to repair it",
                       j->path);
    AF_TRY(encode(&text, &size, object));
    af_status st = AF_OK;
    if (append_all(j->fd, text, size)) {
        j->end += (off_t)size;
    } else {
        st = af_file_fail(j->path, "cannot append");
        j->broken = ftruncate(j->fd, j->end) != 0;
    }
    af_free(text);
    return st;
}

void af_jsonl_close(af_jsonl *j)
{
    if (!j) return;
    if (j->fd >= 0) close(j->fd);
    af_free(j);
}
