#include "tests/aid/hostile.h"
#include <archive.h>
#include <archive_entry.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/data/dataset.h"
#include "core/registry.h"
#include "tests/aid/arrays.h"
#include "tests/aid/variant.h"

enum { MOST_MIB = 512, SECONDS = 120 };

int hostile_begin(void **state)
{
    af_log_set(AF_LOG_ERROR);
    af_hdf5_quiet();
    return work_make(state);
}

/* ---- writing what is hostile ---- */

const char *hostile_in(const char *directory, const char *name)
{
    static char path[AF_PATH_MAX];
    char full[AF_PATH_MAX];
    assert_ok(af_path_format(path, "%s/%s/%s", work_dir, directory, name));
    snprintf(full, sizeof full, "%s", path);
    *strrchr(full, '/') = '\0';
    assert_ok(af_mkdirs(full));
    return path;
}

void hostile_put_archive(const char *path, const member *m)
{
    static const char zeros[MIB];
    struct archive *a = archive_write_new();
    if (!af_path_ends(path, ".tar.gz"))
        archive_write_set_format_zip(a);
    else
        archive_write_set_format_pax_restricted(a), archive_write_add_filter_gzip(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    for (; m->name; m++) {
        struct archive_entry *e = archive_entry_new();
        const size_t size = m->link ? 0 : m->mib ? m->mib * MIB : 8;
        archive_entry_set_pathname(e, m->name);
        archive_entry_set_filetype(e, m->link ? AE_IFLNK : AE_IFREG);
        if (m->link) archive_entry_set_symlink(e, m->link);
        archive_entry_set_perm(e, 0644);
        archive_entry_set_size(e, (la_int64_t)size);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        for (size_t done = 0; done < size; done += MIB)
            assert_true(archive_write_data(a, zeros, size < MIB ? size : MIB) > 0);
        archive_entry_free(e);
    }
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
}

void hostile_put_gzip(const char *path, const char *head, size_t mib)
{
    static const char zeros[MIB];
    gzFile f = gzopen(path, "wb1");
    assert_non_null(f);
    if (*head) assert_true(gzputs(f, head) > 0);
    for (size_t k = 0; k < mib; k++) assert_int_equal(gzwrite(f, zeros, MIB), MIB);
    assert_int_equal(gzclose(f), Z_OK);
}

void hostile_put_npy(const char *path, const char *dtype, const char *shape)
{
    bytes b = {0};
    bytes_npy(&b, dtype, shape, "1234567", 8);
    bytes_save(&b, path);
    af_free(b.data);
}

void hostile_put(const char *path, const void *data, size_t size)
{
    assert_ok(af_file_write(path, data, size));
}

void hostile_put_sparse(const char *path, off_t size)
{
    hostile_put(path, "", 0);
    assert_int_equal(truncate(path, size), 0);
}

void hostile_put_hdf5(const char *path, const char *name, const char *second, int rank,
                      const hsize_t *dims, bool chunks, hsize_t user_block)
{
    hsize_t chunk[3];
    for (int k = 0; k < rank; k++) chunk[k] = dims[k] < 256 ? dims[k] : 256;
    hid_t how = H5Pcreate(H5P_FILE_CREATE), plan = H5Pcreate(H5P_DATASET_CREATE);
    if (user_block) H5Pset_userblock(how, user_block);
    hid_t f = H5Fcreate(path, H5F_ACC_TRUNC, how, H5P_DEFAULT);
    if (chunks) H5Pset_chunk(plan, rank, chunk);
    if (chunks) H5Pset_deflate(plan, 9);
    hid_t space = H5Screate_simple(rank, dims, NULL);
    for (; name; name = second, second = NULL) {
        hid_t set = H5Dcreate2(f, name, H5T_NATIVE_DOUBLE, space, H5P_DEFAULT, plan, H5P_DEFAULT);
        assert_true(set >= 0 && H5Dclose(set) >= 0);
    }
    H5Sclose(space), H5Pclose(plan), H5Pclose(how);
    assert_true(H5Fclose(f) >= 0);
}

void hostile_put_mat73(const char *path, const char *name, const char *second, int rank,
                       const hsize_t *dims)
{
    char *data, mark[128];
    size_t size;
    memset(mark, ' ', sizeof mark);
    memcpy(mark, "MATLAB 7.3 MAT-file", 19);
    memcpy(mark + 124, "\0\2IM", 4);
    hostile_put_hdf5(path, name, second, rank, dims, true, 512);
    assert_ok(af_file_read(&data, &size, path, 64 * MIB));
    memcpy(data, mark, sizeof mark);
    hostile_put(path, data, size);
    af_free(data);
}

void hostile_put_mat5(const char *path)
{
    char file[256] = "MATLAB 5.0 MAT-file";
    const uint32_t tag[] = {14, 0x7ffffff8};
    memcpy(file + 124, "\0\1IM", 4);
    memcpy(file + 128, tag, sizeof tag);
    hostile_put(path, file, sizeof file);
}

/* ---- reading it, bounded ---- */

/* Bytes of this process: 0: addresses, 1: memory. */
static size_t occupied(int which)
{
    unsigned long pages[2];
    FILE *f = fopen("/proc/self/statm", "r");
    assert_true(f && fscanf(f, "%lu %lu", &pages[0], &pages[1]) == 2);
    fclose(f);
    return pages[which] * (size_t)sysconf(_SC_PAGESIZE);
}

outcome *hostile_bounded(long *peak, af_status (*fn)(const void *), const void *payload)
{
    outcome *o = af_apart_alloc(sizeof *o);
    struct rusage used;
    int status;
    assert_non_null(o);
    const size_t before = occupied(1);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct rlimit limit = {occupied(0) + (rlim_t)MOST_MIB * MIB, RLIM_INFINITY};
        if (!SANITIZED) setrlimit(RLIMIT_AS, &limit);
        for (int s = 1; s < NSIG; s++) signal(s, SIG_DFL);
        alarm(SECONDS);
        o->status = fn(payload);
        snprintf(o->text, sizeof o->text, "%s", af_error());
        _exit(0);
    }
    assert_int_equal(wait4(child, &status, 0, &used), child);
    if (!WIFEXITED(status) || WEXITSTATUS(status))
        fail_msg("ended by signal %d, exit code %d", WTERMSIG(status), WEXITSTATUS(status));
    *peak = used.ru_maxrss / 1024 - (long)(before / MIB);
    return o;
}

bool hostile_unbounded(const char *says)
{
    return SANITIZED && !strcmp(says, "out of memory");
}

void hostile_judge(const char *what, const outcome *o, long peak, const char *file,
                   const char *says)
{
    if (o->status == AF_OK) fail_msg("%s: was taken", what);
    if (!strstr(o->text, file)) fail_msg("%s: \"%s\" does not name %s", what, o->text, file);
    if (!strstr(o->text, says)) fail_msg("%s: \"%s\" lacks \"%s\"", what, o->text, says);
    if (!SANITIZED && peak > MOST_MIB) fail_msg("%s: took %ld MiB", what, peak);
    if (getenv("AFIELD_SHOW")) print_message("  %-22s %4ld MiB  %s\n", what, peak, o->text);
}

static af_status import(const void *payload)
{
    const af_prep_request *r = payload;
    return variant_or_task(af_find_prep(r->task->name), r);
}

static void import_one(const hostile_import *c, size_t number, const char *out)
{
    char directory[64], source[AF_PATH_MAX], what[64], **left;
    size_t count;
    long peak;
    snprintf(directory, sizeof directory, "%zu %s", number, c->what);
    snprintf(what, sizeof what, "%s, %s", c->task, c->what);
    c->make(directory);
    snprintf(source, sizeof source, "%s", hostile_in(directory, c->source));
    if (!*c->source) source[strlen(source) - 1] = '\0';
    const size_t entries = work_entries();
    const af_prep_request r = {
        .task = af_find_task(c->task), .size = AF_FULL, .source = source, .directory = out};
    outcome *o = hostile_bounded(&peak, import, &r);
    hostile_judge(what, o, peak, c->file, c->says);
    af_apart_free(o, sizeof *o);
    assert_ok(af_dir_list(&left, &count, out));
    if (count) fail_msg("%s: left %s", what, left[0]);
    af_free(left);
    assert_int_equal(work_entries(), entries);
    assert_false(af_file_exists("/tmp/hostile-escaped"));
}

void hostile_imports(const hostile_import *imports, size_t count)
{
    char out[AF_PATH_MAX];
    snprintf(out, sizeof out, "%s", work_at("out"));
    assert_ok(af_mkdirs(out));
    for (size_t i = 0; i < count; i++)
        if (!hostile_unbounded(imports[i].says)) import_one(&imports[i], i, out);
}
