#include "tests/aid/torch.h"
#include "core/base/alloc.h"
#include "tests/aid/archive.h"
#include "tests/aid/work.h"

void pt_save(pt *f, const char *path)
{
    struct archive *a = archive_write_new();
    archive_write_set_format_zip(a);
    archive_write_zip_set_compression_store(a);
    assert_int_equal(archive_write_open_filename(a, path), ARCHIVE_OK);
    archive_put(a, "saved/data.pkl", f->code.data, f->code.size);
    for (int k = 0; k < 2; k++)
        if (f->storage[k].size)
            archive_put(a, k ? "saved/data/1" : "saved/data/0", f->storage[k].data,
                        f->storage[k].size);
    archive_put(a, "saved/version", "3\n", 2);
    assert_int_equal(archive_write_close(a), ARCHIVE_OK);
    archive_write_free(a);
    af_free(f->code.data);
    for (int k = 0; k < 2; k++) af_free(f->storage[k].data);
    *f = (pt){.code = {NULL, 0, 0}};
}

void pt_tensor(pt *f, const char *class, int storage, size_t count, const char *view)
{
    bytes_say(&f->code,
              "ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\n%s\nV%d\nVcpu\nI%zu\ntQ%s"
              "I00\nccollections\nOrderedDict\n)RtR",
              class, storage, count, view);
}
