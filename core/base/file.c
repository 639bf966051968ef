/* Reading and writing whole files. The invariant: at every instant the target is the old file or
 * the new one, and after a failure nothing else is left beside it. A write counts only when write,
 * fsync and close have all succeeded: a full disk may show at any of them. */
#include "core/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"

static const struct {
    int code;
    const char *remedy;
} remedies[] = {
    {ENOSPC, "free some space or write to another disk"},
    {EDQUOT, "free some of your quota or write to another disk"},
    {EFBIG, "raise the file size limit (ulimit -f) or write to another disk"},
    {EACCES, "check its permissions and those of its directory, or choose another place"},
    {EPERM, "check its permissions and those of its directory, or choose another place"},
    {EROFS, "choose a place on a disk that is mounted writable"},
    {ENOENT, "check the name, and that its directory exists"},
    {ENOTDIR, "a part of the path is a file; choose another path"},
    {EISDIR, "this is a directory; name a file"},
    {ENAMETOOLONG, "choose a shorter path"},
    {EMFILE, "raise the limit of open files (ulimit -n)"},
    {EIO, "check the disk (dmesg)"},
};

af_status af_file_fail(const char *path, const char *what)
{
    int code = errno;
    const char *remedy = "check the path and the disk";
    for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
        if (remedies[i].code == code) remedy = remedies[i].remedy;
    return af_fail(code == ENOENT ? AF_ENOTFOUND : AF_EIO, "%s: %s: %s; %s", path, what,
                   strerror(code), remedy);
}

static bool write_all(int fd, const char *data, size_t size)
{
    while (size) {
        ssize_t n = write(fd, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return false;
        data += n;
        size -= (size_t)n;
    }
    return true;
}

/* Pipes and terminals cannot be synchronised and say so with EINVAL. */
static bool synced(int fd)
{
    return fsync(fd) == 0 || errno == EINVAL || errno == EROFS || errno == ENOTSUP;
}

/* Writes, flushes and closes fd, whatever happens on the way. */
static af_status fill(int fd, const char *path, const void *data, size_t size)
{
    af_status st = AF_OK;
    if (!write_all(fd, data, size))
        st = af_file_fail(path, "cannot write");
    else if (!synced(fd))
        st = af_file_fail(path, "cannot flush to disk");
    if (close(fd) && st == AF_OK) st = af_file_fail(path, "cannot close");
    return st;
}

af_status af_file_sync_directory(const char *path)
{
    char dir[AF_PATH_MAX];
    const char *slash = strrchr(path, '/');
    int length = slash ? (int)(slash - path) + 1 : 2;
    AF_TRY(af_path_format(dir, "%.*s", length, slash ? path : "./"));
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return AF_OK; /* writable but not readable: nothing more can be done */
    af_status st = synced(fd) ? AF_OK : af_file_fail(dir, "cannot flush to disk");
    close(fd);
    return st;
}

static af_status rename_synced(const char *tmp, const char *path)
{
    if (rename(tmp, path)) {
        af_status st = af_file_fail(path, "cannot rename the finished file to this name");
        unlink(tmp);
        return st;
    }
    return af_file_sync_directory(path);
}

af_status af_file_commit(const char *tmp, const char *path)
{
    int fd = open(tmp, O_RDWR | O_CLOEXEC);
    if (fd < 0) return af_file_fail(tmp, "cannot open");
    af_status st = fill(fd, tmp, NULL, 0);
    if (st != AF_OK) {
        unlink(tmp);
        return st;
    }
    return rename_synced(tmp, path);
}

/* A new file beside `path`. Names differ between processes and threads; one that a killed process
 * with our number left behind is stepped over. */
static af_status open_temporary(int *fd, char tmp[AF_PATH_MAX], const char *path)
{
    static atomic_uint serial;
    do {
        AF_TRY(af_path_format(tmp, "%s.%ld-%u.tmp", path, (long)getpid(),
                              atomic_fetch_add(&serial, 1)));
        *fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    } while (*fd < 0 && errno == EEXIST);
    return *fd < 0 ? af_file_fail(path, "cannot write here") : AF_OK;
}

af_status af_file_write(const char *path, const void *data, size_t size)
{
    struct stat info;
    char tmp[AF_PATH_MAX];
    int fd;
    if (!stat(path, &info) && !S_ISREG(info.st_mode)) {
        fd = open(path, O_WRONLY | O_CLOEXEC);
        return fd < 0 ? af_file_fail(path, "cannot write") : fill(fd, path, data, size);
    }
    AF_TRY(open_temporary(&fd, tmp, path));
    af_status st = fill(fd, path, data, size);
    if (st != AF_OK) {
        unlink(tmp);
        return st;
    }
    return rename_synced(tmp, path);
}

static af_status too_large(const char *path, size_t max)
{
    return af_fail(AF_EFORMAT, "%s: larger than the %zu bytes allowed here; is it the right file?",
                   path, max);
}

/* The size fstat gives is only a first guess: pipes and /proc say 0, and a file may grow. */
static af_status read_all(char **data, size_t *size, int fd, const char *path, size_t max)
{
    struct stat info;
    if (fstat(fd, &info)) return af_file_fail(path, "cannot read");
    size_t guess = S_ISREG(info.st_mode) && info.st_size > 0 ? (size_t)info.st_size : 4096;
    if (S_ISREG(info.st_mode) && (size_t)info.st_size > max) return too_large(path, max);
    size_t capacity = guess < max ? guess : max, used = 0;
    char *text = af_alloc(capacity + 1);
    if (!text) return AF_ENOMEM;
    for (;;) {
        /* the byte for the NUL also tells whether the file ends here */
        ssize_t n = read(fd, text + used, capacity + 1 - used);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            af_status st = af_file_fail(path, "cannot read");
            af_free(text);
            return st;
        }
        if (n == 0) break;
        used += (size_t)n;
        if (used <= capacity) continue;
        char *larger = capacity < max ? af_realloc(text, 2 * capacity + 1) : NULL;
        if (!larger) {
            af_free(text);
            return capacity < max ? AF_ENOMEM : too_large(path, max);
        }
        text = larger;
        capacity *= 2;
    }
    if (used > max) {
        af_free(text);
        return too_large(path, max);
    }
    text[used] = '\0';
    *data = text;
    *size = used;
    return AF_OK;
}

af_status af_file_read(char **data, size_t *size, const char *path, size_t max)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return af_file_fail(path, "cannot open");
    af_status st = read_all(data, size, fd, path, max);
    close(fd);
    return st == AF_ENOMEM ? af_prefix(st, "%s", path) : st;
}

bool af_file_exists(const char *path)
{
    struct stat info;
    return !stat(path, &info) && !S_ISDIR(info.st_mode);
}

void af_file_remove(const char *path)
{
    unlink(path);
}
