#include "data-prep/psicov/scratch.h"
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"

static const size_t most_in_memory = (size_t)256 << 20;

static af_status map_file(af_scratch *s, size_t size, const char *directory)
{
    char path[AF_PATH_MAX];
    AF_TRY(af_path_join(path, directory, ".scratch-XXXXXX"));
    const int file = mkstemp(path);
    if (file < 0) return af_file_fail(path, "cannot be made");
    unlink(path);
    /* allocated now, so that a full disk is an error here and not a signal later */
    if (posix_fallocate(file, 0, (off_t)size) != 0) {
        close(file);
        return af_fail(AF_EIO,
                       "%s: no room for %zu MiB of samples; free some, or prepare a smaller "
                       "size",
                       directory, size >> 20);
    }
    void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    if (data == MAP_FAILED) return af_file_fail(path, "cannot be mapped");
    *s = (af_scratch){data, size};
    return AF_OK;
}

af_status af_scratch_new(af_scratch *s, size_t size, const char *directory)
{
    *s = (af_scratch){0};
    if (size > most_in_memory) return map_file(s, size, directory);
    s->data = af_calloc(1, size);
    return s->data ? AF_OK : AF_ENOMEM;
}

void af_scratch_free(af_scratch *s)
{
    if (s->mapped)
        munmap(s->data, s->mapped);
    else
        af_free(s->data);
    *s = (af_scratch){0};
}
