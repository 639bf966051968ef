/* Written by write, so that a full disk is an error and not a signal; read by mmap. */
#include "data-prep/fsd50k/spill.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/file.h"

af_status af_spill_open(af_spill *s, const char *directory)
{
    *s = (af_spill){.fd = -1};
    AF_TRY(af_mkdirs(directory));
    AF_TRY(af_path_join(s->path, directory, ".spill-XXXXXX"));
    s->fd = mkstemp(s->path);
    if (s->fd < 0) return af_file_fail(s->path, "cannot write here");
    af_file_remove(s->path);
    return AF_OK;
}

af_status af_spill_add(af_spill *s, const void *data, size_t size)
{
    const char *from = data;
    while (size) {
        ssize_t n = write(s->fd, from, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return af_file_fail(s->path, "cannot write");
        from += n;
        size -= (size_t)n;
        s->size += n;
    }
    return AF_OK;
}

af_status af_spill_map(af_spill *s, const void **out)
{
    if (!s->map) {
        void *map = mmap(NULL, (size_t)s->size, PROT_READ, MAP_SHARED, s->fd, 0);
        if (map == MAP_FAILED) return af_file_fail(s->path, "cannot map");
        s->map = map;
    }
    *out = s->map;
    return AF_OK;
}

void af_spill_close(af_spill *s)
{
    if (s->map) munmap(s->map, (size_t)s->size);
    if (s->fd >= 0) close(s->fd);
    *s = (af_spill){.fd = -1};
}
