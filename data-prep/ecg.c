/* The ECG task's data: PhysioNet/CinC Challenge 2017 records, as such or in NAS-Bench-360's pickle,
 * or a stand-in from a dynamical model of the heart. Both are lists of int16 records that one
 * packer windows and splits (data-prep/ecg).
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/ecg/pack.h"
#include "data-prep/ecg/rhythm.h"
#include "data-prep/ecg/source.h"
#include "data-prep/ecg/windows.h"

enum { OFFICIAL_RECORDS = 8528 };
static const int generated[AF_SIZES] = {[AF_TINY] = 300, [AF_SMALL] = 1000, [AF_FULL] = 8528};

static af_status pack(const af_prep_request *r, af_ecg_records *set, const char *provenance,
                      const json_t *source)
{
    char *text = source ? json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text) return af_fail(AF_ENOMEM, "ecg: out of memory");
    af_status st = af_ecg_pack(r, set, provenance, text);
    free(text); /* jansson's */
    return st;
}

static af_status import(const af_prep_request *r)
{
    af_ecg_records set;
    json_t *source;
    AF_TRY(af_ecg_source_read(&set, &source, r->source));
    int keep = af_ecg_layouts[r->size].max_records;
    bool whole = set.count == OFFICIAL_RECORDS && (!keep || keep >= set.count);
    af_status st = pack(r, &set, whole ? "real" : "partial", source);
    json_decref(source);
    af_ecg_records_close(&set);
    return st == AF_EFORMAT || st == AF_EINVAL ? af_prefix(st, "%s", r->source) : st;
}

/* A record depends on the seed and its number only, so threads and counts change nothing. */
static af_status generate(const af_prep_request *r)
{
    af_ecg_records set = {0};
    af_status st = AF_OK;
    int count = generated[r->size];
    json_t *source = json_pack("{s:s, s:i, s:I, s:i}", "generator", "mcsharry", "version", 1,
                               "seed", (json_int_t)r->seed, "records", count);
    for (int k = 0; k < count && st == AF_OK; k++) {
        int length;
        af_ecg_label label = af_ecg_draw(&length, r->seed, k, r->size == AF_TINY);
        af_ecg_record *record = af_ecg_records_add(&set, length);
        if (!record) {
            st = AF_ENOMEM;
            break;
        }
        record->label = label;
        snprintf(record->name, sizeof record->name, "G%05d", k + 1);
    }
    if (st == AF_OK) {
#pragma omp parallel for schedule(dynamic, 4)
        for (int k = 0; k < count; k++) af_ecg_synthesise(&set.r[k], r->seed, k);
        st = pack(r, &set, "generated", source);
    }
    json_decref(source);
    af_ecg_records_close(&set);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "training2017.zip",
     .url = "https://physionet.org/files/challenge-2017/1.0.0/training2017.zip",
     .direct = true,
     .license = "ODC-BY 1.0",
     .note = "the records; import reads it as it is, with the labels that it holds"},
    {.name = "REFERENCE-v3.csv",
     .url = "https://physionet.org/files/challenge-2017/1.0.0/REFERENCE-v3.csv",
     .direct = true,
     .license = "ODC-BY 1.0",
     .note = "the newest labels: unpack the records, put this file beside "
             "them and import the directory"},
    {.name = "challenge2017.pkl",
     .url = "https://drive.google.com/file/d/1vp41dhFqCAsEBUld8tXfzC1lRiGm27Aq/view",
     .prepared = true,
     .size = "150 MB",
     .license = "ODC-BY 1.0",
     .note = "the same records and labels in one pickle, without the records' names; import reads "
             "it as it is"},
    {0}};

const af_prep af_prep_ecg = {
    .name = "ecg",
    .accepts =
        "the training set of the PhysioNet/CinC Challenge 2017: a directory or an archive "
        "(.zip, .tar.gz, .tar.xz ...) with A00001.mat ..., REFERENCE-v3.csv and, optionally, "
        "A00001.hea ...; or NAS-Bench-360's challenge2017.pkl ('data' and 'label'), or the "
        "directory it is in; a part of either is accepted",
    .model =
        "limit-cycle model of the electrocardiogram (McSharry, Clifford, Tarassenko and Smith, "
        "IEEE Trans. Biomed. Eng. 50(3), 2003) with four rhythm classes and recorder noise",
    .sources = sources,
    .import = import,
    .generate = generate,
};
