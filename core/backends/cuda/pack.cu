/* See pack.h. */
#include "core/backends/cuda/pack.h"
#include "core/backends/cuda/conv.h"

namespace
{

/* Element i is of the item k with start[k] <= i < start[k + 1]. */
struct pack_all {
    int count;
    int64_t start[AF_PACKS + 1];
    af_pack item[AF_PACKS];

    AF_KERNEL void operator()(int64_t i) const
    {
        int first = 0, last = count;
        while (last - first > 1) {
            int middle = (first + last) / 2;
            if (start[middle] <= i)
                first = middle;
            else
                last = middle;
        }
        i -= start[first];
        if (item[first].back)
            unpack(item[first], i);
        else
            pack(item[first], i);
    }

    AF_KERNEL static int64_t packed_at(const af_pack &p, int64_t o, int h, int w, int in)
    {
        return ((o * p.packed[0] + h) * p.packed[1] + w) * p.in + in;
    }

    AF_KERNEL static void pack(const af_pack &p, int64_t i)
    {
        int64_t at = i, o = i;
        int in = split_off(o, p.in), w = split_off(o, p.packed[1]) - p.before[1];
        int h = split_off(o, p.packed[0]) - p.before[0];
        float value = 0;
        if (h >= 0 && h < p.kernel[0] && w >= 0 && w < p.kernel[1])
            value =
                get((const float *)p.from, ((o * p.in + in) * p.kernel[0] + h) * p.kernel[1] + w);
        if (p.half)
            put((bf16 *)p.to, at, (double)value);
        else
            put((float *)p.to, at, value);
    }

    AF_KERNEL static void unpack(const af_pack &p, int64_t i)
    {
        int64_t at = i, o = i;
        int w = split_off(o, p.kernel[1]), h = split_off(o, p.kernel[0]), in = split_off(o, p.in);
        int64_t from = packed_at(p, o, h + p.before[0], w + p.before[1], in);
        float value = p.half ? get((const bf16 *)p.from, from) : get((const float *)p.from, from);
        put((float *)p.to, at, value);
    }
};

static_assert(sizeof(pack_all) + sizeof(int64_t) <= 4096, "the arguments of a kernel");

int64_t size_of(const af_pack &p)
{
    const int *kernel = p.back ? p.kernel : p.packed;
    return (int64_t)p.out * p.in * kernel[0] * kernel[1];
}

} // namespace

extern "C" void AF_GPU(settle)(af_device *d)
{
    af_pack_list *list = AF_GPU(packs)(d);
    pack_all all = {};
    all.count = list->count;
    for (int k = 0; k < list->count; k++) {
        all.item[k] = list->item[k];
        all.start[k + 1] = all.start[k] + size_of(list->item[k]);
    }
    list->count = 0;
    each(d, "pack", all.start[all.count], all);
}

extern "C" void AF_GPU(pack)(af_device *d, const af_pack *p)
{
    af_pack_list *list = AF_GPU(packs)(d);
    if (list->count == AF_PACKS) AF_GPU(settle)(d);
    list->item[list->count++] = *p;
}
