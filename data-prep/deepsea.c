/* The DeepSEA task's data: NAS-Bench-360's file, or a stand-in of motifs in random DNA. Both are
 * sets of sequences that one packer writes (data-prep/deepsea). */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/deepsea/filtered.h"
#include "data-prep/deepsea/grammar.h"
#include "data-prep/deepsea/others.h"
#include "data-prep/deepsea/pack.h"

enum { FEW = 1000 };

static af_status pack(const af_prep_request *r, af_dna_set set[AF_SPLITS], const char *provenance,
                      const json_t *source)
{
    char *text = source ? json_dumps(source, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
    if (!text) return af_fail(AF_ENOMEM, "deepsea: out of memory");
    af_status st = af_dna_pack(r, set, provenance, text);
    free(text); /* jansson's */
    return st;
}

static void free_sets(af_dna_set set[AF_SPLITS])
{
    for (int s = 0; s < AF_SPLITS; s++) af_dna_set_free(&set[s]);
}

/* The .npz file that `source` names or holds. */
static af_status locate(char path[AF_PATH_MAX], const char *source)
{
    const bool directory = af_dir_exists(source);
    if (!directory && !af_file_exists(source))
        return af_fail(AF_ENOTFOUND, "%s: no such file or directory", source);
    AF_TRY(directory ? af_path_join(path, source, af_deepsea_file)
                     : af_path_format(path, "%s", source));
    return af_file_exists(path) && af_path_ends(path, ".npz") ? AF_OK : af_deepsea_refuse(source);
}

static af_status import(const af_prep_request *r)
{
    const af_dna_layout *official = &af_dna_layouts[AF_FULL];
    char path[AF_PATH_MAX], hex[AF_SHA256_HEX];
    af_dna_set set[AF_SPLITS];
    int64_t n[AF_SPLITS];
    AF_TRY(locate(path, r->source));
    AF_TRY(af_sha256_file(path, hex));
    AF_TRY(af_deepsea_filtered_read(set, n, path, &af_dna_layouts[r->size]));
    if (n[AF_TRAIN] < FEW)
        af_log(AF_LOG_WARN, "deepsea: %lld training sequences, too few to learn from",
               (long long)n[AF_TRAIN]);
    const bool whole = r->size == AF_FULL && !memcmp(n, official->count, sizeof n);
    json_t *source =
        json_pack("{s:s, s:{s:s}, s:{s:I, s:I, s:I}}", "data", "DeepSEA", "files",
                  af_path_name(path), hex, "sequences", "train", (json_int_t)n[AF_TRAIN], "valid",
                  (json_int_t)n[AF_VALID], "test", (json_int_t)n[AF_TEST]);
    af_status st = pack(r, set, whole ? "real" : "partial", source);
    json_decref(source);
    free_sets(set);
    return st;
}

static af_status generate(const af_prep_request *r)
{
    const af_dna_layout *l = &af_dna_layouts[r->size];
    af_dna_set set[AF_SPLITS] = {{0}};
    af_dna_grammar g;
    json_t *source = json_pack("{s:s, s:i, s:o}", "generator", "motif grammar", "version", 1,
                               "seed", json_sprintf("%llu", (unsigned long long)r->seed));
    af_dna_grammar_make(&g, l, r->seed);
    af_status st = AF_OK;
    for (int s = 0; s < AF_SPLITS && st == AF_OK; s++) {
        st = af_dna_set_new(&set[s], l->count[s], l);
        if (st == AF_OK) af_dna_write(&set[s], &g, r->seed, (af_split)s);
    }
    if (st == AF_OK) st = pack(r, set, "generated", source);
    json_decref(source);
    free_sets(set);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "deepsea_filtered.npz",
     .url = "https://drive.google.com/file/d/1wTCnpF91GYA043w8H14Q8riTLJNUGxGJ/view",
     .prepared = true,
     .size = "860 MB",
     .license = "CC BY 4.0",
     .note = "by NAS-Bench-360, through a page that asks before it sends the file; import reads it "
             "as it is"},
    {.name = "deepsea_train_bundle",
     .note = "DeepSEA's own bundle, of deepsea.princeton.edu: import does not read it, since which "
             "36 of its 919 targets the task uses is not published"},
    {0}};

const af_prep af_prep_deepsea = {
    .name = "deepsea",
    .accepts = "NAS-Bench-360's deepsea_filtered.npz (x_train, x_val, x_test: sequences x 1000 x "
               "4; y_train, y_val, y_test: sequences x 36), or a directory that holds it; fewer "
               "sequences are accepted. DeepSEA's own train.mat, valid.mat and test.mat are not: "
               "which 36 of their 919 targets the task uses is not published. The largest array is "
               "held in memory: 0.6 GB beside the 0.9 GB of all sequences",
    .model = "sites drawn from position weight matrices (Stormo, Bioinformatics 16(1), 2000) are "
             "put on both strands of random DNA, as in the synthetic sets of Koo and Eddy (PLoS "
             "Comput. Biol. 15(12), 2019); labels ask for a motif, two of them, two in order and "
             "close by, or one without another",
    .sources = sources,
    .import = import,
    .generate = generate,
};
