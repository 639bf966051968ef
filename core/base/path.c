/* Paths and directories: composing names within AF_PATH_MAX, creating and listing directories, and
 * where the data sets live. */
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/alloc.h"
#include "core/base/file.h"

bool af_dir_exists(const char *path)
{
    struct stat info;
    return !stat(path, &info) && S_ISDIR(info.st_mode);
}

af_status af_path_format(char buf[AF_PATH_MAX], const char *fmt, ...)
{
    char text[AF_PATH_MAX]; /* aside, because buf may be among the arguments */
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    if (n < 0 || n >= AF_PATH_MAX)
        return af_fail(AF_EINVAL, "%.60s...: path of %d bytes, want at most %d; use a shorter one",
                       text, n, AF_PATH_MAX - 1);
    memcpy(buf, text, (size_t)n + 1);
    return AF_OK;
}

af_status af_path_join(char buf[AF_PATH_MAX], const char *dir, const char *name)
{
    size_t n = strlen(dir);
    return af_path_format(buf, "%s%s%s", dir, n && dir[n - 1] != '/' ? "/" : "", name);
}

static af_status make_directory(const char *path)
{
    if (!mkdir(path, 0777) || af_dir_exists(path)) return AF_OK;
    if (errno == EEXIST) errno = ENOTDIR;
    return af_file_fail(path, "cannot create this directory");
}

af_status af_mkdirs(const char *path)
{
    char part[AF_PATH_MAX];
    AF_TRY(af_path_format(part, "%s", path));
    for (char *c = part; *c; c++) {
        if (*c != '/' || c == part) continue;
        *c = '\0';
        AF_TRY(make_directory(part));
        *c = '/';
    }
    return make_directory(part);
}

/* The entries of a directory, one NUL-terminated name after another. */
typedef struct name_list {
    char *text;
    size_t used, capacity, count;
} name_list;

static af_status name_list_add(name_list *l, const char *name)
{
    size_t size = strlen(name) + 1;
    if (l->used + size > l->capacity) {
        size_t capacity = 2 * l->capacity + size + 1024;
        char *text = af_realloc(l->text, capacity);
        if (!text) return AF_ENOMEM;
        l->text = text;
        l->capacity = capacity;
    }
    memcpy(l->text + l->used, name, size);
    l->used += size;
    l->count++;
    return AF_OK;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Pointers first, then the text, in one block. */
static af_status name_list_pack(char ***names, const name_list *l)
{
    size_t table = (l->count + 1) * sizeof(char *);
    char **out = af_alloc(table + l->used);
    if (!out) return AF_ENOMEM;
    char *text = (char *)out + table;
    if (l->used) memcpy(text, l->text, l->used);
    for (size_t i = 0; i < l->count; i++, text += strlen(text) + 1) out[i] = text;
    out[l->count] = NULL;
    qsort(out, l->count, sizeof *out, by_bytes);
    *names = out;
    return AF_OK;
}

af_status af_dir_list(char ***names, size_t *count, const char *path)
{
    af_status st = AF_OK;
    name_list l = {0};
    DIR *dir = opendir(path);
    if (!dir) return af_file_fail(path, "cannot list this directory");
    for (struct dirent *e; errno = 0, (e = readdir(dir));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            AF_GOTO(st, done, name_list_add(&l, e->d_name));
    if (errno) AF_GOTO(st, done, af_file_fail(path, "cannot list this directory"));
    AF_GOTO(st, done, name_list_pack(names, &l));
    *count = l.count;
done:
    closedir(dir);
    af_free(l.text);
    return st;
}

static const char *environment(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

af_status af_data_dir(char buf[AF_PATH_MAX])
{
    const char *own = environment("AFIELD_DATA"), *xdg = environment("XDG_DATA_HOME");
    const char *home = environment("HOME");
    if (own) return af_path_format(buf, "%s", own);
    if (xdg && *xdg == '/')
        return af_path_join(buf, xdg, "afield"); /* relative ones do not count */
    if (home) return af_path_join(buf, home, ".local/share/afield");
    return af_fail(AF_ENOTFOUND, "no place for data sets: neither AFIELD_DATA nor HOME is set; set "
                                 "AFIELD_DATA to a directory");
}

const char *af_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

bool af_path_ends(const char *path, const char *ending)
{
    size_t length = strlen(path), n = strlen(ending);
    return length > n && !strcmp(path + length - n, ending);
}
