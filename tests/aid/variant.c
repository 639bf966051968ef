#include "tests/aid/variant.h"
#include "core/registry.h"
#include "data-prep/own/variant.h"
#include "tests/aid/work.h"

static af_prep_request request(const af_task *task, const char *path, af_size size)
{
    return (af_prep_request){.task = task, .size = size, .source = path, .directory = work_dir};
}

af_status variant_of(af_variant *v, const af_prep *prep, const char *path, af_size size)
{
    const af_prep_request r = request(af_find_task(prep->name), path, size);
    *v = (af_variant){.name = ""};
    return prep->variant(v, &r);
}

af_own *variant_task(const af_variant *v, const af_task *parent, af_size size)
{
    char *text;
    size_t length;
    af_own *own;
    assert_ok(af_own_variant_text(&text, &length, v, parent, size));
    assert_ok(af_own_parse(&own, text, length, v->name));
    af_free(text);
    return own;
}

af_own *variant_import(af_variant *v, const af_prep *prep, const char *path, af_size size)
{
    assert_ok(variant_of(v, prep, path, size));
    assert_true(*v->name);
    af_own *own = variant_task(v, af_find_task(prep->name), size);
    const af_prep_request r = request(&own->task, path, size);
    assert_ok(prep->import(&r));
    return own;
}

af_status variant_or_task(const af_prep *prep, const af_prep_request *r)
{
    af_prep_request q = *r;
    af_own *own = NULL;
    af_variant v = {.name = ""};
    if (prep->variant) AF_TRY(prep->variant(&v, r));
    if (*v.name) {
        own = variant_task(&v, r->task, r->size);
        q.task = &own->task;
    }
    const af_status st = prep->import(&q);
    af_own_free(own);
    return st;
}

af_status variant_try(const af_prep *prep, const char *path, af_size size)
{
    const af_prep_request r = request(af_find_task(prep->name), path, size);
    return variant_or_task(prep, &r);
}

af_dataset *variant_open(const af_own *own, af_dataset_part part)
{
    af_dataset *d;
    assert_ok(af_dataset_open(&d, work_dir, &own->task, part));
    assert_string_equal(d->provenance, "own");
    for (int s = 0; s < AF_SPLITS; s++) assert_null(d->split[AF_PAPER][s].i);
    return d;
}
