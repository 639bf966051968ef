/* The Spherical task's data: NAS-Bench-360's s2_cifar100.gz, or images of CIFAR-100 projected here,
 * the real ones or those of its stand-in. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/philox.h"
#include "core/base/sha256.h"
#include "data-prep/cifar100/raw.h"
#include "data-prep/cifar100/shapes.h"
#include "data-prep/formats/content.h"
#include "data-prep/spherical/pack.h"
#include "data-prep/spherical/project.h"
#include "data-prep/spherical/raw.h"

enum { OFFICIAL_TRAIN = 50000, OFFICIAL_TEST = 10000, CHUNK = 500, FEW = 1000 };
enum { PROJECTION_VERSION = 1, SERIES_TRAIN, SERIES_TEST };

/* ---- projected here ---- */

/* Plane images and the rotations of their consecutive chunks. */
typedef struct scene {
    const af_cifar_images *images;
    int64_t chunk;
    af_sphere_view *view;
} scene;

static af_status scene_open(scene *s, const af_cifar_images *images, int64_t chunk, uint64_t seed,
                            uint64_t series, double deflection)
{
    const int64_t views = (images->count + chunk - 1) / chunk;
    *s = (scene){.images = images, .chunk = chunk};
    s->view = af_calloc((size_t)views, sizeof *s->view);
    if (!s->view) return AF_ENOMEM;
    for (int64_t v = 0; v < views; v++) {
        af_rng r = af_rng_at(seed, "spherical", series, 0, 0, (uint32_t)v);
        double u[3], rotation[3][3];
        for (int i = 0; i < 3; i++) u[i] = af_rng_unit(&r);
        af_sphere_rotation(rotation, u, deflection);
        af_sphere_view_of(&s->view[v], rotation);
    }
    return AF_OK;
}

static int draw_projected(uint8_t *out, const void *payload, int64_t k)
{
    const scene *s = payload;
    af_sphere_project(out, s->images->pixel + k * AF_CIFAR_BYTES, &s->view[k / s->chunk]);
    return s->images->label[k];
}

/* Both sets in chunks of the given lengths. */
static af_status project(const af_prep_request *r, const af_cifar_images *train,
                         const af_cifar_images *test, int64_t train_chunk, int64_t test_chunk,
                         const char *provenance, const json_t *origin)
{
    const double deflection = af_spherical_extents[r->size].deflection;
    scene a = {0}, b = {0};
    af_status st;
    AF_GOTO(st, done, scene_open(&a, train, train_chunk, r->seed, SERIES_TRAIN, deflection));
    AF_GOTO(st, done, scene_open(&b, test, test_chunk, r->seed, SERIES_TEST, deflection));
    const af_spherical_source from = {train->count, draw_projected, &a};
    const af_spherical_source held = {test->count, draw_projected, &b};
    st = af_spherical_pack(r, &from, &held, provenance, origin);
done:
    af_free(a.view);
    af_free(b.view);
    return st;
}

static json_t *projection(uint64_t seed)
{
    return json_pack("{s:s, s:i, s:o}", "generator", "projection onto a turned sphere", "version",
                     PROJECTION_VERSION, "seed", json_sprintf("%llu", (unsigned long long)seed));
}

/* ---- import ---- */

static int draw_given(uint8_t *out, const void *payload, int64_t k)
{
    const af_s2_images *s = payload;
    memcpy(out, s->pixel + k * AF_SPHERE_BYTES, AF_SPHERE_BYTES);
    return s->label[k];
}

static bool whole(const af_prep_request *r, int64_t train, int64_t test)
{
    if (train < FEW)
        af_log(AF_LOG_WARN, "spherical: %lld training images, too few to learn from",
               (long long)train);
    return r->size == AF_FULL && train == OFFICIAL_TRAIN && test == OFFICIAL_TEST;
}

static af_status import_sphere(const af_prep_request *r)
{
    af_s2_raw raw;
    char hex[AF_SHA256_HEX];
    AF_TRY(af_sha256_file(r->source, hex));
    AF_TRY(af_s2_raw_read(&raw, r->source));
    json_t *origin = json_pack("{s:s, s:s, s:{s:s}}", "data", "Spherical CIFAR-100", "layout",
                               "NAS-Bench-360", "files", af_path_name(r->source), hex);
    const af_spherical_source from = {raw.train.count, draw_given, &raw.train};
    const af_spherical_source held = {raw.test.count, draw_given, &raw.test};
    bool all = whole(r, raw.train.count, raw.test.count);
    af_status st = af_spherical_pack(r, &from, &held, all ? "real" : "partial", origin);
    json_decref(origin);
    af_s2_raw_close(&raw);
    return st;
}

/* Real images under rotations of our own: never the published file, so never more than partial. */
static af_status import_plane(const af_prep_request *r)
{
    af_cifar_raw raw;
    AF_TRY(af_cifar_raw_read(&raw, r->source, r->task->labels));
    if (raw.classes != AF_CIFAR_CLASSES) {
        af_cifar_raw_close(&raw);
        return af_fail(AF_EUNSUPPORTED,
                       "%s: CIFAR-10; this task projects CIFAR-100, whose 100 classes it has: want "
                       "its files",
                       r->source);
    }
    json_t *origin = json_pack("{s:s, s:o, s:O}", "data", "Spherical CIFAR-100, regenerated",
                               "projection", projection(r->seed), "images", raw.source);
    (void)whole(r, raw.train.count, raw.test.count);
    af_status st = project(r, &raw.train, &raw.test, CHUNK, CHUNK, "partial", origin);
    json_decref(origin);
    af_cifar_raw_close(&raw);
    return st;
}

static af_status import(const af_prep_request *r)
{
    static const char want[] = "s2_cifar100.gz of NAS-Bench-360, or CIFAR-100, cifar-100-binary or "
                               "cifar-100-python, in a directory or an archive";
    static const char official[] = "s2_cifar100.gz";
    char path[AF_PATH_MAX];
    if (!af_dir_exists(r->source)) {
        af_content kind = AF_CONTENT_OTHER;
        if (af_file_exists(r->source)) AF_TRY(af_content_of(&kind, r->source));
        const bool sphere = kind == AF_CONTENT_PICKLE && af_path_ends(r->source, ".gz");
        if (sphere || !strcmp(af_path_name(r->source), official)) return import_sphere(r);
        return kind == AF_CONTENT_ARCHIVE ? import_plane(r) : af_refuse(r->source, want);
    }
    AF_TRY(af_path_join(path, r->source, official));
    if (!af_file_exists(path)) return import_plane(r);
    af_prep_request inside = *r;
    inside.source = path;
    return import_sphere(&inside);
}

/* ---- generate ---- */

/* As many rotations at every size: 100 and 20. */
static af_status generate(const af_prep_request *r)
{
    const af_spherical_extent *e = &af_spherical_extents[r->size];
    const int64_t learn = e->train + e->valid;
    af_cifar_images train = {0}, test = {0};
    json_t *origin = json_pack("{s:s, s:o, s:s}", "generator", "textured shapes", "projection",
                               projection(r->seed), "images", "the stand-in of CIFAR-100");
    af_status st;
    AF_GOTO(st, done, af_cifar_images_new(&train, learn));
    AF_GOTO(st, done, af_cifar_images_new(&test, e->test));
    af_cifar_draw(&train, r->seed, SERIES_TRAIN);
    af_cifar_draw(&test, r->seed, SERIES_TEST);
    st = project(r, &train, &test, learn / (OFFICIAL_TRAIN / CHUNK),
                 e->test / (OFFICIAL_TEST / CHUNK), "generated", origin);
done:
    af_cifar_images_free(&train);
    af_cifar_images_free(&test);
    json_decref(origin);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "s2_cifar100.gz",
     .url = "https://drive.google.com/file/d/1EJbc2n0tYOh0PsbVQ0yyTz58UI3wHFud/view",
     .prepared = true,
     .size = "272 MB",
     .license = "CC BY-SA",
     .note = "by NAS-Bench-360, through a page that asks before it sends the file; import reads it "
             "as it is"},
    {.name = "cifar-100-python.tar.gz",
     .url = "https://www.cs.toronto.edu/~kriz/cifar-100-python.tar.gz",
     .direct = true,
     .size = "161 MB",
     .note = "the images before projection; import projects them here"},
    {0}};

const af_prep af_prep_spherical = {
    .name = "spherical",
    .accepts =
        "NAS-Bench-360's s2_cifar100.gz, or the directory it is in; or CIFAR-100 as its author "
        "publishes it, cifar-100-binary or cifar-100-python, a directory or an archive, which is "
        "then projected here; a part of either is accepted",
    .model =
        "the textured shapes of CIFAR-100's stand-in, projected onto a sphere that is turned at "
        "random (Cohen, Geiger, Koehler and Welling, Spherical CNNs, ICLR, 2018)",
    .sources = sources,
    .import = import,
    .generate = generate,
};
