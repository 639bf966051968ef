/* The DeepSEA task's data: NAS-Bench-360's file, or a stand-in of motifs in random DNA; and its
 * variants, DeepSEA's own files with all of their targets. All are sets of sequences that one
 * packer writes (data-prep/deepsea). */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/prep.h"
#include "data-prep/deepsea/filtered.h"
#include "data-prep/deepsea/grammar.h"
#include "data-prep/deepsea/mats.h"
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

/* ---- variants ---- */

/* Fewer targets at tiny, as of the task. */
static af_dna_layout layout_of(const af_deepsea_mats *m, af_size size)
{
    af_dna_layout l = af_dna_layouts[size];
    if (size != AF_TINY || l.labels > m->targets) l.labels = m->targets;
    return l;
}

/* Whether a source is a variant: m->targets. The task's own file goes first. */
static af_status look(af_deepsea_mats *m, const char *source)
{
    char path[AF_PATH_MAX];
    *m = (af_deepsea_mats){0};
    AF_TRY(af_path_join(path, source, af_deepsea_file));
    return af_file_exists(path) ? AF_OK : af_deepsea_mats_look(m, source);
}

static af_status variant(af_variant *out, const af_prep_request *r)
{
    af_deepsea_mats m;
    AF_TRY(look(&m, r->source));
    if (!m.targets) return AF_OK;
    const af_dna_layout l = layout_of(&m, r->size);
    *out = (af_variant){
        .classes = l.labels,
        .summary = "which chromatin features (binding proteins, marks) 1000 bases of DNA have",
        .notes = "x is one-hot, one channel a base in the order of the files; an unknown base is 0 "
                 "in all. Splits are those of train.mat, valid.mat and test.mat; every sequence is "
                 "a group of its own. Of each split every n-th sequence is kept, with the smallest "
                 "n that leaves at most as many as the task has at this size; at tiny the middle "
                 "100 bases and the first 8 targets. No published figure was measured on these.",
        .cite = r->task->cite,
    };
    snprintf(out->name, sizeof out->name, "deepsea_%d", m.targets);
    snprintf(out->title, sizeof out->title, "DeepSEA's layout, %d target%s", m.targets,
             m.targets == 1 ? "" : "s");
    snprintf(out->holds, sizeof out->holds, "DeepSEA's own layout with %d target%s", m.targets,
             m.targets == 1 ? "" : "s");
    return AF_OK;
}

static af_status files_of(json_t **out, const char *directory)
{
    *out = json_object();
    for (int s = 0; s < AF_SPLITS; s++) {
        char path[AF_PATH_MAX], hex[AF_SHA256_HEX];
        AF_TRY(af_path_join(path, directory, af_deepsea_mat_files[s]));
        AF_TRY(af_sha256_file(path, hex));
        json_object_set_new(*out, af_deepsea_mat_files[s], json_string(hex));
    }
    return AF_OK;
}

static af_status import_variant(const af_prep_request *r)
{
    af_deepsea_mats m;
    af_dna_set set[AF_SPLITS] = {{0}};
    json_t *files = NULL, *source = NULL;
    af_status st;
    AF_TRY(look(&m, r->source));
    if (!m.targets)
        return af_fail(AF_ENOTFOUND, "%s: want train.mat, valid.mat and test.mat", r->source);
    const af_dna_layout l = layout_of(&m, r->size);
    AF_GOTO(st, done, files_of(&files, r->source));
    AF_GOTO(st, done, af_deepsea_mats_read(set, &m, r->source, &l));
    source = json_pack("{s:s, s:O, s:{s:I, s:I, s:I}}", "data", r->task->title, "files", files,
                       "sequences", "train", (json_int_t)m.count[AF_TRAIN], "valid",
                       (json_int_t)m.count[AF_VALID], "test", (json_int_t)m.count[AF_TEST]);
    st = pack(r, set, "own", source);
done:
    free_sets(set);
    json_decref(files);
    json_decref(source);
    return st;
}

/* ---- the task ---- */

static af_status import(const af_prep_request *r)
{
    if (r->task->own) return import_variant(r);
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
     .note =
         "DeepSEA's own bundle, of deepsea.princeton.edu: import reads its train.mat, valid.mat "
         "and test.mat as the variant deepsea_919; which 36 of the 919 targets the task uses "
         "is not published"},
    {0}};

const af_prep af_prep_deepsea = {
    .name = "deepsea",
    .accepts = "NAS-Bench-360's deepsea_filtered.npz (x_train, x_val, x_test: sequences x 1000 x "
               "4; y_train, y_val, y_test: sequences x 36), or a directory that holds it; fewer "
               "sequences are accepted. The largest array is held in memory: 0.6 GB beside the 0.9 "
               "GB of all sequences. A directory with DeepSEA's own train.mat, valid.mat and "
               "test.mat, or with others of that layout, makes a variant, the task "
               "deepsea_<targets>: which 36 of the 919 targets this task uses is not published",
    .model = "sites drawn from position weight matrices (Stormo, Bioinformatics 16(1), 2000) are "
             "put on both strands of random DNA, as in the synthetic sets of Koo and Eddy (PLoS "
             "Comput. Biol. 15(12), 2019); labels ask for a motif, two of them, two in order and "
             "close by, or one without another",
    .sources = sources,
    .import = import,
    .variant = variant,
    .generate = generate,
};
