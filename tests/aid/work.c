/* A temporary directory for a test program. */
#include "tests/aid/work.h"
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include "core/base/alloc.h"

char work_dir[AF_PATH_MAX];

int work_make(void **state)
{
    (void)state;
    const char *tmp = getenv("TMPDIR");
    if (af_path_join(work_dir, tmp && *tmp ? tmp : "/tmp", "afield-test-XXXXXX")) return -1;
    return mkdtemp(work_dir) ? 0 : -1;
}

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)info, (void)type, (void)where;
    return remove(path);
}

int work_remove(void **state)
{
    (void)state;
    return nftw(work_dir, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool work_wants(const char *backend)
{
    const char *only = getenv("AFIELD_TEST_BACKEND");
    return !only || !*only || strcmp(only, backend) == 0;
}

const char *work_at(const char *name)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_path_join(path, work_dir, name));
    return path;
}

void work_put(const char *name, const char *text)
{
    assert_ok(af_file_write(work_at(name), text, strlen(text)));
}

char *work_get(const char *name)
{
    char *text = NULL;
    size_t size = 0;
    assert_ok(af_file_read(&text, &size, work_at(name), 1 << 20));
    assert_int_equal(strlen(text), size);
    return text;
}

void work_holds(const char *name, const char *text)
{
    char *content = work_get(name);
    assert_string_equal(content, text);
    af_free(content);
}

size_t work_entries(void)
{
    char **names = NULL;
    size_t count = 0;
    assert_ok(af_dir_list(&names, &count, work_dir));
    af_free(names);
    return count;
}

void work_limit_files(size_t size)
{
    struct rlimit limit;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
    limit.rlim_cur = size == SIZE_MAX ? limit.rlim_max : size;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}
