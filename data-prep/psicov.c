/* Protein distance maps, PSICOV test set: from what an alignment says about residues and pairs of
 * them to their distances (Adhikari, Scientific Reports 10, 2020; NAS-Bench-360). */
#include <stdio.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/psicov/features.h"
#include "data-prep/psicov/lists.h"
#include "data-prep/psicov/pdnet.h"

enum { GENERATOR_VERSION = 1 };

/* ---- generate ---- */

/* Lengths of chains, and how many when the layout takes all. Small: most maps are larger than a
 * tile, as in the real data. */
static const struct {
    int least, longest;
    int64_t count[AF_SPLITS];
} extents[AF_SIZES] = {
    [AF_TINY] = {52, 68, {48, 8, 16}},
    [AF_SMALL] = {50, 110, {100, 20, 30}},
    [AF_FULL] = {50, 250, {3356, 100, 150}},
};
static const char *const series[AF_SPLITS] = {"psicov train", "psicov valid", "psicov test"};

typedef struct generator {
    const af_prep_request *request;
    af_psicov_entry *entry;
    int64_t first[AF_SPLITS + 1]; /* of each split among the entries */
} generator;

static af_status fetch_generated(af_protein *out, void *self, int64_t k)
{
    const generator *g = self;
    const af_psicov_entry *e = &g->entry[k];
    return af_psicov_generate(out, g->request->seed, series[e->split], k - g->first[e->split],
                              e->length);
}

static json_t *describe_generator(void *self)
{
    const generator *g = self;
    const af_size size = g->request->size;
    return json_pack(
        "{s:s, s:i, s:o, s:[ii], s:[III]}", "generator", "psicov", "version", GENERATOR_VERSION,
        "seed", json_sprintf("%llu", (unsigned long long)g->request->seed), "length",
        extents[size].least, extents[size].longest, "proteins",
        (json_int_t)(g->first[1] - g->first[0]), (json_int_t)(g->first[2] - g->first[1]),
        (json_int_t)(g->first[3] - g->first[2]));
}

static af_status generate(const af_prep_request *r)
{
    generator g = {.request = r};
    for (int s = 0; s < AF_SPLITS; s++) g.first[s + 1] = g.first[s] + extents[r->size].count[s];
    const int64_t count = g.first[AF_SPLITS];
    g.entry = af_calloc((size_t)count, sizeof *g.entry);
    if (!g.entry) return AF_ENOMEM;
    for (int s = 0; s < AF_SPLITS; s++)
        for (int64_t k = g.first[s]; k < g.first[s + 1]; k++) {
            const int64_t number = k - g.first[s];
            snprintf(g.entry[k].name, AF_PSICOV_NAME, "%s-%04lld", af_split_names[s],
                     (long long)number);
            g.entry[k].split = (af_split)s;
            g.entry[k].length = af_psicov_length(r->seed, series[s], number, extents[r->size].least,
                                                 extents[r->size].longest);
        }
    const af_psicov_set set = {count, g.entry, fetch_generated, &g, "generated"};
    af_status st = af_psicov_pack(r, &set, describe_generator);
    af_free(g.entry);
    return st;
}

/* ---- import ---- */

typedef struct importer {
    af_psicov_files files;
    af_sha256 *sha256; /* over the names and checksums of all files read */
} importer;

static af_status fetch_imported(af_protein *out, void *self, int64_t k)
{
    importer *i = self;
    return af_pdnet_read(out, i->files.root[k], i->files.entry[k].name, i->sha256);
}

static json_t *describe_import(void *self)
{
    importer *i = self;
    char hex[AF_SHA256_HEX];
    af_sha256_end(i->sha256, hex);
    i->sha256 = NULL;
    return json_pack("{s:s, s:I, s:s}", "importer", "psicov", "proteins",
                     (json_int_t)i->files.count, "files_sha256", hex);
}

static af_status import(const af_prep_request *r)
{
    importer i = {.sha256 = NULL};
    AF_TRY(af_psicov_files_find(&i.files, r->source, r->size));
    i.sha256 = af_sha256_new();
    const af_psicov_set set = {i.files.count, i.files.entry, fetch_imported, &i,
                               i.files.whole ? "real" : "partial"};
    af_status st = i.sha256 ? af_psicov_pack(r, &set, describe_import) : AF_ENOMEM;
    if (i.sha256) {
        char hex[AF_SHA256_HEX];
        af_sha256_end(i.sha256, hex);
    }
    af_psicov_files_free(&i.files);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "protein.zip",
     .url = "https://drive.google.com/file/d/1nBs6qJJPK8qNzsmFo3waPsGzHFHplLMo/view",
     .prepared = true,
     .size = "1.1 GB",
     .note =
         "PDNet's DeepCov and PSICOV features and distances, handed on by NAS-Bench-360 through a "
         "page that asks before it sends the file; unpack it and import the directory"},
    {0}};

const af_prep af_prep_psicov = {
    .name = "psicov",
    .accepts = "a directory like the released protein.zip: deepcov.lst and psicov.lst, and under "
               "deepcov/ and psicov/ features/ID.pkl and distance/ID-cb.npy; or one set of "
               "features/ and distance/ with at most one list (*.lst), which is split 80 : 10 : 10 "
               "in its order",
    .model = "Random compact chains without collisions, grown segment by segment with real angles "
             "of helices, strands and loops (Rosenbluth and Rosenbluth, J Chem Phys 23, 1955; "
             "Levitt, J Mol Biol 104, 1976). Contacts have a coupling more often than not, which "
             "two coevolution scores see under noise of their own; burial shows in a noisy "
             "profile, accessibility and potential, secondary structure in noisy probabilities. "
             "Distances are between residues' points, not C-beta atoms.",
    .sources = sources,
    .import = import,
    .generate = generate,
};
