/* The FSD50K task's data: the published clips in either layout, or a stand-in of synthesised
 * events. Both are 16-bit clips at 22,050 Hz that one packer turns into mel spectrograms
 * (data-prep/fsd50k). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/prep.h"
#include "data-prep/fsd50k/events.h"
#include "data-prep/fsd50k/mel.h"
#include "data-prep/fsd50k/pack.h"
#include "data-prep/fsd50k/raw.h"

enum { GENERATOR_VERSION = 2, BATCH = 32, NOISE_SECONDS = 4 };
static const int generated[AF_SIZES][AF_SPLITS] = {
    [AF_TINY] = {360, 80, 160},
    [AF_SMALL] = {1200, 200, 400},
    [AF_FULL] = {8000, 1000, 2000},
};

static const int noises[AF_SIZES] = {[AF_TINY] = 24, [AF_SMALL] = 60, [AF_FULL] = 200};

static int count_of(af_size size)
{
    return generated[size][AF_TRAIN] + generated[size][AF_VALID] + generated[size][AF_TEST];
}

/* A clip depends on the seed and its number only; names sort as numbers do. */
static af_status draw_clips(af_fsd_clips *s, int64_t *length, const af_prep_request *r)
{
    const int *split = generated[r->size];
    af_fsd_world_vocabulary(s, &af_fsd_worlds[r->size]);
    for (int k = 0; k < count_of(r->size); k++) {
        char name[AF_FSD_NAME];
        snprintf(name, sizeof name, "G%05d", k);
        af_fsd_clip *c = af_fsd_clips_add(s, name,
                                          k < split[AF_TRAIN]                     ? AF_TRAIN
                                          : k < split[AF_TRAIN] + split[AF_VALID] ? AF_VALID
                                                                                  : AF_TEST);
        if (!c) return AF_ENOMEM;
        c->there = true;
        length[k] = af_fsd_draw(c, &af_fsd_worlds[r->size], r->seed, k);
    }
    return af_fsd_clips_sort(s, "generated clips");
}

/* Clips first .. end - 1: their sounds side by side, then packed in turn. */
static af_status pack_batch(af_fsd_pack *p, const af_prep_request *r, const int64_t *length,
                            int first, int end)
{
    int16_t *x[BATCH];
    af_status made[BATCH], st = AF_OK;
#pragma omp parallel for schedule(dynamic)
    for (int k = first; k < end; k++) {
        x[k - first] = af_alloc((size_t)length[k] * sizeof **x);
        made[k - first] = x[k - first] ? af_fsd_synthesise(x[k - first], length[k],
                                                           &af_fsd_worlds[r->size], r->seed, k)
                                       : AF_ENOMEM;
    }
    for (int k = first; k < end; k++) {
        if (st == AF_OK) st = made[k - first];
        if (st == AF_OK) st = af_fsd_pack_clip(p, k, x[k - first], length[k]);
        af_free(x[k - first]);
    }
    return st;
}

static af_status pack_noise(af_fsd_pack *p, const af_prep_request *r)
{
    const int64_t n = (int64_t)NOISE_SECONDS * AF_MEL_RATE;
    int16_t *x = af_alloc((size_t)n * sizeof *x);
    af_status st = x ? AF_OK : AF_ENOMEM;
    for (int k = 0; k < noises[r->size] && st == AF_OK; k++) {
        st = af_fsd_background(x, n, r->seed, k);
        if (st == AF_OK) st = af_fsd_pack_noise(p, k, x, n);
    }
    af_free(x);
    return st;
}

static af_status write(af_fsd_pack *p, const af_prep_request *r)
{
    json_t *source =
        json_pack("{s:s, s:i, s:o, s:i, s:i}", "generator", "sound events", "version",
                  GENERATOR_VERSION, "seed", json_sprintf("%llu", (unsigned long long)r->seed),
                  "clips", count_of(r->size), "noise", noises[r->size]);
    char *text = source ? json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    json_decref(source);
    if (!text) return af_fail(AF_ENOMEM, "fsd50k: out of memory");
    af_status st = af_fsd_pack_write(p, "generated", text);
    free(text); /* jansson's */
    return st;
}

static af_status generate(const af_prep_request *r)
{
    const int count = count_of(r->size);
    af_fsd_clips clips = {0};
    af_fsd_pack *p = NULL;
    int64_t *length = af_alloc((size_t)count * sizeof *length);
    if (!length) return AF_ENOMEM;
    af_status st;
    AF_GOTO(st, done, draw_clips(&clips, length, r));
    AF_GOTO(st, done, af_fsd_pack_new(&p, r, &clips));
    for (int k = 0; k < count; k += BATCH)
        AF_GOTO(st, done, pack_batch(p, r, length, k, k + BATCH < count ? k + BATCH : count));
    AF_GOTO(st, done, pack_noise(p, r));
    st = write(p, r);
done:
    af_fsd_pack_free(p);
    af_fsd_clips_close(&clips);
    af_free(length);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "audio.zip",
     .url = "https://drive.google.com/file/d/1IDOkm7IpFfgByDZNM6daxZaVzVJVBNid/view",
     .prepared = true,
     .size = "24 GB",
     .license = "CC BY 4.0",
     .note = "by NAS-Bench-360, through a page that asks before it sends the file; the chunks and "
             "the recordings of noise; import reads them"},
    {.name = "FSD50K",
     .url = "https://zenodo.org/record/4060432",
     .license = "CC BY 4.0 (the dataset; each clip has its own Creative Commons licence)",
     .note = "the clips as their authors publish them, in several archives; import reads them"},
    {0}};

const af_prep af_prep_fsd50k = {
    .name = "fsd50k",
    .accepts =
        "FSD50K as published (FSD50K.dev_audio, FSD50K.eval_audio, FSD50K.ground_truth with "
        "dev.csv, eval.csv and vocabulary.csv), or NAS-Bench-360's chunks (chunks/tr.csv, val.csv, "
        "eval.csv, lbl_map.json and the WAV files they name): a directory, an archive (.zip, .tar "
        "...) or a directory of archives; a part of the clips is accepted. Sound files in "
        "directories noise*/, such as the noise_22050/ of NAS-Bench-360's archive (MUSAN's noise), "
        "become background samples. The published archives that are split (.z01 ...) must be "
        "unpacked first",
    .model =
        "one to three sound events over background noise, weakly labelled: harmonic, inharmonic or "
        "noise sources with pitch contours and envelopes (spectral modelling synthesis, Serra and "
        "Smith, Computer Music Journal 14(4), 1990; mixed as by Scaper, Salamon et al., WASPAA "
        "2017)",
    .sources = sources,
    .import = af_fsd_raw_import,
    .generate = generate,
};
