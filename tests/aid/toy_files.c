/* The small datasets as files in the test's directory. */
#include <stdio.h>
#include "tests/aid/toy.h"
#include "tests/aid/work.h"

void toy_write(const af_task *task, af_dataset_part part)
{
    toy t;
    toy_fill(&t, task);
    if (part == AF_HELD_OUT) toy_hold_out(&t);
    assert_ok(af_dataset_write(work_dir, &t.content));
}

const char *toy_path(const af_task *task)
{
    static char path[AF_PATH_MAX];
    assert_ok(af_dataset_path(path, work_dir, task->name, AF_MAIN));
    return path;
}

void toy_copy(const af_task *task)
{
    static char *bytes[2];
    static size_t sizes[2];
    const int k = task == &toy_dense;
    if (!bytes[k]) {
        toy_write(task, AF_MAIN);
        assert_ok(af_file_read(&bytes[k], &sizes[k], toy_path(task), 1 << 20));
    }
    FILE *f = fopen(toy_path(task), "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes[k], 1, sizes[k], f), sizes[k]);
    assert_int_equal(fclose(f), 0);
}

af_status toy_open_and_close(const af_task *task)
{
    af_dataset *d = NULL;
    af_status st = af_dataset_open(&d, work_dir, task, AF_MAIN);
    if (st == AF_OK) af_dataset_close(d);
    return st;
}
