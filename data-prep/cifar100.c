/* The CIFAR-100 task's data: Krizhevsky's images in either official layout, or a stand-in of
 * textured shapes; and its variant CIFAR-10. All are lists of 32 x 32 images that one packer splits
 * (data-prep/cifar100). */
#include <jansson.h>
#include <stdlib.h>
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/cifar100/pack.h"
#include "data-prep/cifar100/raw.h"
#include "data-prep/cifar100/shapes.h"

enum { OFFICIAL_TRAIN = 50000, OFFICIAL_TEST = 10000, FEW = 1000, GENERATOR_VERSION = 1 };
enum { SERIES_TRAIN, SERIES_TEST };

static af_status pack(const af_prep_request *r, const af_cifar_images *train,
                      const af_cifar_images *test, const char *provenance, const json_t *source)
{
    char *text = source ? json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text) return af_fail(AF_ENOMEM, "cifar100: out of memory");
    af_status st = af_cifar_pack(r, train, test, provenance, text);
    free(text); /* jansson's */
    return st;
}

static af_status variant(af_variant *out, const af_prep_request *r)
{
    bool ten;
    AF_TRY(af_cifar_is_ten(&ten, r->source));
    if (!ten) return AF_OK;
    *out = (af_variant){
        .name = "cifar10",
        .title = "CIFAR-10",
        .holds = "CIFAR-10, 10 classes",
        .labels = af_cifar10_labels,
        .classes = AF_CIFAR10_CLASSES,
        .summary = "which of ten kinds of vehicles and animals a small colour photograph shows",
        .notes = "Pixels and splits are made as the task cifar100 makes them; scaled by CIFAR-10's "
                 "own constants for each channel, mean 255 (.4914 .4822 .4465) and deviation 255 "
                 "(.2470 .2435 .2616). The last fifth of the training images, in the order of the "
                 "batches, validates.",
        .cite = r->task->cite,
    };
    return AF_OK;
}

static af_status import(const af_prep_request *r)
{
    af_cifar_raw raw;
    AF_TRY(af_cifar_raw_read(&raw, r->source, r->task->labels));
    if (raw.train.count < FEW)
        af_log(AF_LOG_WARN, "%s: %lld training images, too few to learn from", r->task->name,
               (long long)raw.train.count);
    bool whole =
        r->size == AF_FULL && raw.train.count == OFFICIAL_TRAIN && raw.test.count == OFFICIAL_TEST;
    const bool ten = raw.classes == AF_CIFAR10_CLASSES;
    const char *provenance = ten ? "own" : whole ? "real" : "partial";
    af_status st = ten == r->task->own ? pack(r, &raw.train, &raw.test, provenance, raw.source)
                                       : af_fail(AF_EUNSUPPORTED, "%s: not the data of the task %s",
                                                 r->source, r->task->name);
    af_cifar_raw_close(&raw);
    return st;
}

static af_status generate(const af_prep_request *r)
{
    const af_cifar_extent *e = &af_cifar_extents[r->size];
    af_cifar_images train = {0}, test = {0};
    json_t *source =
        json_pack("{s:s, s:i, s:o}", "generator", "textured shapes", "version", GENERATOR_VERSION,
                  "seed", json_sprintf("%llu", (unsigned long long)r->seed));
    af_status st;
    AF_GOTO(st, done, af_cifar_images_new(&train, e->train + e->valid));
    AF_GOTO(st, done, af_cifar_images_new(&test, e->test));
    af_cifar_draw(&train, r->seed, SERIES_TRAIN);
    af_cifar_draw(&test, r->seed, SERIES_TEST);
    st = pack(r, &train, &test, "generated", source);
done:
    af_cifar_images_free(&train);
    af_cifar_images_free(&test);
    json_decref(source);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "cifar-100-python.tar.gz",
     .url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
     .direct = true,
     .size = "161 MB",
     .note = "the author's own; import reads it as it is. NAS-Bench-360 uses the same file and "
             "prepares none"},
    {.name = "cifar-100-binary.tar.gz",
     .url = "https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz",
     .note = "the same images in another layout; import reads it, and one of the two is enough"},
    {0}};

const af_prep af_prep_cifar100 = {
    .name = "cifar100",
    .accepts =
        "CIFAR-100 as its author publishes it: cifar-100-binary (train.bin, test.bin) or "
        "cifar-100-python (train, test), a directory or an archive (.tar.gz ...); a part of it is "
        "accepted. CIFAR-10 in its binary layout (cifar-10-batches-bin) makes a variant, the task "
        "cifar10",
    .model = "ten shapes times ten textures in random pose, size and colours on a cluttered, noisy "
             "background; class = 10 shape + texture",
    .sources = sources,
    .import = import,
    .variant = variant,
    .generate = generate,
};
