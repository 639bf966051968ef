/* Cosmic rays in telescope images (deepCR: Zhang and Bloom, ApJ 889, 2020; NAS-Bench-360): which
 * pixels of an exposure were hit. */
#include <stdio.h>
#include "core/base/log.h"
#include "data-prep/cosmic/raw.h"
#include "data-prep/cosmic/sky.h"

enum { GENERATOR_VERSION = 2, FRAMES_OF_A_VISIT = 4, RELEASED = 4830, RELEASED_TEST = 420 };

/* ---- generate ---- */

static af_status generate_split(af_cosmic_samples *s, const af_prep_request *r, af_split split,
                                int64_t count, int64_t *visit, af_progress *bar)
{
    for (int64_t k = 0; k < count; k++) {
        char name[AF_ID_MAX];
        af_cosmic_frame f;
        int added;
        if (k && k % FRAMES_OF_A_VISIT == 0) ++*visit;
        const int number = (int)(k % FRAMES_OF_A_VISIT);
        AF_TRY(af_cosmic_generate(&f, s->tile, r->seed, *visit, number));
        snprintf(name, sizeof name, "%s-%04lld-%d", af_split_names[split], (long long)*visit,
                 number);
        af_status st =
            af_cosmic_cut(&added, s, &f, 0, 0, f.rows, f.columns, name, (int32_t)*visit, split);
        af_cosmic_frame_free(&f);
        AF_TRY(st);
        af_progress_set(bar, (double)s->n, "%s", name);
    }
    ++*visit;
    return AF_OK;
}

static af_status generate(const af_prep_request *r)
{
    static const int64_t full[AF_SPLITS] = {4348, 484,
                                            420}; /* the released sizes, in whole visits */
    const af_cosmic_layout *l = &af_cosmic_layouts[r->size];
    const int64_t *count = r->size == AF_FULL ? full : l->most;
    af_cosmic_samples s = {.tile = l->tile};
    int64_t visit = 0;
    af_status st = AF_OK;
    af_progress *bar = af_progress_new("cosmic: frames", (double)(count[0] + count[1] + count[2]));
    for (int split = 0; split < AF_SPLITS && st == AF_OK; split++)
        st = generate_split(&s, r, (af_split)split, count[split], &visit, bar);
    af_progress_end(bar, "%lld frames of %lld visits", (long long)s.n, (long long)visit);
    json_t *source =
        json_pack("{s:s, s:i, s:o, s:i, s:i}", "generator", "cosmic", "version", GENERATOR_VERSION,
                  "seed", json_sprintf("%llu", (unsigned long long)r->seed), "frames_of_a_visit",
                  FRAMES_OF_A_VISIT, "side", l->tile);
    if (st == AF_OK) st = source ? af_cosmic_write(r, &s, "generated", source) : AF_ENOMEM;
    json_decref(source);
    af_cosmic_samples_free(&s);
    return st;
}

/* ---- import ---- */

static af_status read_all(af_cosmic_samples *s, const af_cosmic_files *files, af_sha256 *sha256)
{
    af_progress *bar = af_progress_new("cosmic: files", (double)files->count);
    af_status st = AF_OK;
    for (int64_t k = 0; k < files->count && st == AF_OK; k++) {
        st = af_cosmic_read(s, &files->file[k], sha256);
        af_progress_set(bar, (double)k + 1, "%s", files->file[k].visit);
    }
    af_progress_end(bar, "%lld samples of %lld files", (long long)s->n, (long long)files->count);
    return st;
}

static af_status check_splits(const af_cosmic_samples *s, const char *source)
{
    int64_t count[AF_SPLITS] = {0};
    for (int64_t k = 0; k < s->n; k++) count[s->split[k]]++;
    for (int split = 0; split < AF_SPLITS; split++)
        if (!count[split])
            return af_fail(AF_EFORMAT,
                           "%s: no frame of the visits that go to %s holds a sample of %d x %d; "
                           "give more frames, or a smaller --size",
                           source, af_split_names[split], s->tile, s->tile);
    return AF_OK;
}

static af_status import(const af_prep_request *r)
{
    char hex[AF_SHA256_HEX];
    af_cosmic_files files;
    AF_TRY(af_cosmic_files_find(&files, r->source));
    af_cosmic_samples s = {.tile = af_cosmic_layouts[r->size].tile};
    af_sha256 *sha256 = af_sha256_new();
    json_t *source = NULL;
    af_status st = sha256 ? read_all(&s, &files, sha256) : AF_ENOMEM;
    if (sha256) af_sha256_end(sha256, hex);
    if (st == AF_OK) st = check_splits(&s, r->source);
    if (st == AF_OK) {
        source = json_pack("{s:s, s:I, s:s}", "importer", "cosmic", "files",
                           (json_int_t)files.count, "files_sha256", hex);
        const bool whole =
            r->size == AF_FULL && files.train == RELEASED && files.test == RELEASED_TEST;
        st = source ? af_cosmic_write(r, &s, whole ? "real" : "partial", source) : AF_ENOMEM;
    }
    json_decref(source);
    af_cosmic_samples_free(&s);
    af_cosmic_files_free(&files);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "deepCR.ACS-WFC.train.tar",
     .url = "https://drive.google.com/file/d/1lHsNhPM-73YFdi7V1mkEaa_WyYuz9Waf/view",
     .prepared = true,
     .size = "6.5 GB",
     .note = "deepCR's training exposures (HST ACS/WFC), handed on by NAS-Bench-360 through a page "
             "that "
             "asks before it sends the file; unpack both archives and import the directory"},
    {.name = "deepCR.ACS-WFC.test.tar",
     .url = "https://drive.google.com/file/d/1Pc6p1r6TdGCFZMOYScINMj65sF0BnSod/view",
     .prepared = true,
     .size = "2.0 GB",
     .note = "test exposures"},
    {0}};

const af_prep af_prep_cosmic = {
    .name = "cosmic",
    .accepts =
        "a directory with npy_train/f435w/PROPOSAL/VISIT/*.npy and, alike, npy_test/ (deepCR's "
        "arrays of image, cosmic rays and ignored pixels, and sky.npy of a visit's sky levels, "
        "unpacked "
        "from the released tar files); or "
        "with FITS files in pairs: *_ooi_*.fits with *_ood_*.fits (DECam image and data quality, "
        "code 5 is a cosmic ray), NAME.fits with NAME_mask.fits. Without npy_test, visits or "
        "exposures are split 80 : 10 : 10 in sorted order",
    .model =
        "Electrons of the sky, of stars with Moffat profiles (Moffat, A&A 3, 1969), of galaxies "
        "with Sersic profiles, noise of counting and readout, dead columns. Cosmic rays are "
        "straight tracks with zenith angles weighted by cosine squared (Groom, Exp. Astron. "
        "14, 2002) and winding tracks of slow electrons, with diffused charge. The mask is "
        "exact: a pixel counts as hit where the rays' charge exceeds the noise without them. "
        "Visits differ in sky, seeing and rates; the level of the sky is known.",
    .sources = sources,
    .import = import,
    .generate = generate,
};
