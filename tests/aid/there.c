#include "tests/aid/there.h"
#include "tests/aid/work.h"

void there_open(there *t)
{
    *t = (there){0};
    assert_ok(af_host_watch_begin(&t->watch));
    assert_ok(af_host_device.open(&t->device));
}

void there_close(there *t)
{
    for (int i = 0; i < t->blocks; i++) af_host_device.free(t->device, t->block[i]);
    af_host_device.close(t->device);
    af_host_watch_end();
}

void *there_room(there *t, size_t bytes)
{
    void *p = af_host_device.alloc(t->device, bytes + 1);
    if (!p) fail_msg("%s", af_error());
    assert_true(t->blocks < THERE_BLOCKS);
    af_host_forget(p, bytes);
    return t->block[t->blocks++] = p;
}

void *there_put(there *t, const void *from, size_t bytes)
{
    void *p = there_room(t, bytes);
    af_host_device.send(t->device, p, from, bytes);
    return p;
}

void there_get(there *t, void *to, const void *from, size_t bytes)
{
    assert_ok(af_host_device.fetch(t->device, to, from, bytes));
}

void there_clean(const there *t)
{
    if (t->watch.unwritten) fail_msg("%s reads what nobody has written", t->watch.first);
}
