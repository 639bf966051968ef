/* Darcy Flow, the second-order elliptic equation -div(a grad u) = 1 on the unit square, u = 0 on
 * its boundary (Li et al., ICLR 2021): from the diffusion coefficient a to the flow u. `generate`
 * draws from the very distribution of the released files, so its samples are no imitation: only the
 * random numbers differ, and the fields lie at the nodes where the released ones lie at cell
 * centres. */
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/darcy/generate.h"
#include "data-prep/darcy/others.h"
#include "data-prep/darcy/raw.h"
#include "data-prep/darcy/tensors.h"
#include "data-prep/formats/content.h"

/* How many samples, and on which grid. Full: the released sizes. All three thin 421 x 421 and 85 x
 * 85 points to their own, so any of them can be imported. */
typedef struct extent {
    int64_t train, valid, test;
    int grid, stride;
} extent;
static const extent extents[AF_SIZES] = {
    [AF_TINY] = {96, 24, 48, 71, 5},
    [AF_SMALL] = {200, 50, 50, 421, 5},
    [AF_FULL] = {900, 100, 100, 421, 5},
};
enum { GENERATOR_VERSION = 1, FEW = 20 };
enum { SERIES_MAIN, SERIES_TEST };

static int nodes_of(const extent *e)
{
    return (e->grid - 1) / e->stride + 1;
}

/* ---- generate ---- */

static af_status record_generated(const af_prep_request *r, const af_darcy_model *m,
                                  const af_darcy_effort *effort, const af_darcy_samples *main,
                                  int64_t train, const af_darcy_samples *test)
{
    static const char *const names[] = {
        "coefficient_low", "coefficient_high", "alpha",        "tau",           "grid",
        "stride",          "tolerance",        "residual_max", "iterations_max"};
    const double values[] = {m->low,
                             m->high,
                             m->alpha,
                             m->tau,
                             m->grid,
                             m->stride,
                             m->tolerance,
                             effort->residual_max,
                             effort->iterations_max};
    json_t *source = json_pack(
        "{s:s, s:i, s:o, s:f, s:f, s:[ff], s:f, s:i, s:i, s:f, s:f, s:i}", "generator", "darcy",
        "version", GENERATOR_VERSION, "seed", json_sprintf("%llu", (unsigned long long)r->seed),
        "alpha", m->alpha, "tau", m->tau, "coefficient", m->low, m->high, "right_side", 1.0, "grid",
        m->grid, "stride", m->stride, "tolerance", m->tolerance, "residual_max",
        effort->residual_max, "iterations_max", effort->iterations_max);
    if (!source) return af_fail(AF_ENOMEM, "out of memory: cannot write the origin of the data");
    const af_darcy_origin origin = {"generated", source, names, values,
                                    sizeof values / sizeof *values};
    af_status st = af_darcy_write(r, main, train, test, &origin);
    json_decref(source);
    return st;
}

static af_status generate(const af_prep_request *r)
{
    const extent *e = &extents[r->size];
    const af_darcy_model model = {.alpha = 2,
                                  .tau = 3,
                                  .low = 3,
                                  .high = 12,
                                  .tolerance = 1e-10,
                                  .grid = e->grid,
                                  .stride = e->stride};
    const int64_t learn = e->train + e->valid;
    af_darcy_machine machine = {0};
    af_darcy_samples main = {0}, test = {0};
    af_darcy_effort effort = {0};
    af_status st;
    af_progress *p = af_progress_new("darcy: random fields and solves", (double)(learn + e->test));
    AF_GOTO(st, done, af_darcy_machine_open(&machine, &model));
    AF_GOTO(st, done, af_darcy_samples_new(&main, learn, nodes_of(e), "main", 0));
    AF_GOTO(st, done, af_darcy_samples_new(&test, e->test, nodes_of(e), "test", 0));
    AF_GOTO(st, done, af_darcy_generate(&main, &machine, r->seed, SERIES_MAIN, &effort, p, 0));
    AF_GOTO(st, done, af_darcy_generate(&test, &machine, r->seed, SERIES_TEST, &effort, p, learn));
    st = record_generated(r, &model, &effort, &main, e->train, &test);
done:
    if (st == AF_OK)
        af_progress_end(p, "%d x %d, largest residual %.2g, at most %d iterations", e->grid,
                        e->grid, effort.residual_max, effort.iterations_max);
    else
        af_progress_end(p, "failed");
    af_darcy_samples_free(&main);
    af_darcy_samples_free(&test);
    af_darcy_machine_close(&machine);
    return st;
}

/* ---- import ---- */

/* Which samples of which file; with one file, both point to it. */
typedef struct selection {
    const af_darcy_raw *main, *test;
    af_darcy_shares n;
} selection;

/* A file for training and one for testing: the released sizes, or 90 : 10 and what there is. */
static selection select_two(const af_darcy_raw *main, const af_darcy_raw *test, const extent *e)
{
    const int64_t learn = e->train + e->valid;
    af_darcy_shares n = af_darcy_share_two(main->count, learn, test->count, e->test);
    if (main->count >= learn) n.train = e->train, n.valid = e->valid;
    return (selection){main, test, n};
}

static void range_of(double range[2], const af_darcy_samples *s)
{
    for (int64_t k = 0; k < s->count; k++)
        for (int p = 0; p < s->nodes * s->nodes; p++) {
            range[0] = fmin(range[0], (double)af_darcy_coefficient(s, k)[p]);
            range[1] = fmax(range[1], (double)af_darcy_coefficient(s, k)[p]);
        }
}

static af_status record_imported(const af_prep_request *r, const selection *sel,
                                 const af_darcy_samples *main, const af_darcy_samples *test)
{
    static const char *const names[] = {"coefficient_low", "coefficient_high", "grid", "stride"};
    double range[2] = {HUGE_VAL, -HUGE_VAL};
    range_of(range, main);
    range_of(range, test);
    af_log(AF_LOG_INFO, "darcy: coeff from %g to %g (the released files: 3 and 12)", range[0],
           range[1]);
    const int grid = sel->main->grid, stride = (grid - 1) / (main->nodes - 1);
    const extent *full = &extents[AF_FULL];
    bool whole = r->size == AF_FULL && sel->main != sel->test && grid == full->grid &&
                 sel->test->grid == full->grid && sel->n.train == full->train &&
                 sel->n.valid == full->valid && sel->n.test == full->test;
    const double values[] = {range[0], range[1], grid, stride};
    json_t *files = sel->main == sel->test ? json_pack("[o]", af_darcy_raw_json(sel->main))
                                           : json_pack("[oo]", af_darcy_raw_json(sel->main),
                                                       af_darcy_raw_json(sel->test));
    json_t *source = json_pack("{s:s, s:o, s:[ff], s:i}", "importer", "darcy", "files", files,
                               "coefficient", range[0], range[1], "stride", stride);
    if (!source) return af_fail(AF_ENOMEM, "out of memory: cannot write the origin of the data");
    const af_darcy_origin origin = {whole ? "real" : "partial", source, names, values,
                                    sizeof values / sizeof *values};
    af_status st = af_darcy_write(r, main, sel->n.train, test, &origin);
    json_decref(source);
    return st;
}

static af_status import_selection(const af_prep_request *r, const selection *sel)
{
    const int nodes = nodes_of(&extents[r->size]);
    af_darcy_samples main = {0}, test = {0};
    af_status st;
    if (sel->n.train < 1)
        return af_fail(AF_EFORMAT, "%s: %lld samples, want at least 3 to split; name a larger file",
                       sel->main->path, (long long)sel->main->count);
    if (sel->n.train < FEW)
        af_log(AF_LOG_WARN, "darcy: %lld training samples, too few to learn from",
               (long long)sel->n.train);
    AF_GOTO(st, done, af_darcy_raw_read(&main, sel->main, 0, sel->n.train + sel->n.valid, nodes));
    AF_GOTO(st, done, af_darcy_raw_read(&test, sel->test, sel->n.test_first, sel->n.test, nodes));
    st = record_imported(r, sel, &main, &test);
done:
    af_darcy_samples_free(&main);
    af_darcy_samples_free(&test);
    return st;
}

/* The one entry of a directory that ends in `ending`. */
static af_status find_file(char path[AF_PATH_MAX], const char *directory, const char *ending)
{
    char **names;
    size_t count, found = 0;
    AF_TRY(af_dir_list(&names, &count, directory));
    af_status st = AF_OK;
    for (size_t i = 0; i < count && st == AF_OK; i++) {
        size_t length = strlen(names[i]), tail = strlen(ending);
        if (length < tail || strcmp(names[i] + length - tail, ending) != 0) continue;
        found++;
        st = af_path_join(path, directory, names[i]);
    }
    af_free(names);
    if (st == AF_OK && found != 1)
        st = af_fail(
            found ? AF_EFORMAT : AF_ENOTFOUND,
            "%s: %zu files *%s, want one; the released names are "
            "piececonst_r421_N1024_smooth1.mat (training) and ..._smooth2.mat (test), or name "
            "one .mat file",
            directory, found, ending);
    return st;
}

static af_status import_directory(const af_prep_request *r)
{
    char path[2][AF_PATH_MAX];
    af_darcy_raw main = {0}, test = {0};
    const bool none = find_file(path[0], r->source, "smooth1.mat") == AF_ENOTFOUND &&
                      find_file(path[1], r->source, "smooth2.mat") == AF_ENOTFOUND;
    if (none) return af_darcy_refuse(r->source);
    AF_TRY(find_file(path[0], r->source, "smooth1.mat"));
    AF_TRY(find_file(path[1], r->source, "smooth2.mat"));
    af_status st;
    AF_GOTO(st, done, af_darcy_raw_open(&main, path[0]));
    AF_GOTO(st, done, af_darcy_raw_open(&test, path[1]));
    const selection sel = select_two(&main, &test, &extents[r->size]);
    st = import_selection(r, &sel);
done:
    af_darcy_raw_close(&main);
    af_darcy_raw_close(&test);
    return st;
}

static af_status import(const af_prep_request *r)
{
    const extent *e = &extents[r->size];
    if (r->task->own) return af_darcy_tensors_import(r, e->train + e->valid, e->test);
    if (af_dir_exists(r->source)) return import_directory(r);
    af_darcy_raw f;
    af_content kind = AF_CONTENT_OTHER;
    if (af_file_exists(r->source)) AF_TRY(af_content_of(&kind, r->source));
    if (kind != AF_CONTENT_MAT5 && kind != AF_CONTENT_MAT73) return af_darcy_refuse(r->source);
    AF_TRY(af_darcy_raw_open(&f, r->source));
    const selection sel = {&f, &f, af_darcy_share_one(f.count, e->train + e->valid + e->test)};
    af_status st = import_selection(r, &sel);
    af_darcy_raw_close(&f);
    return st;
}

static const af_raw_file sources[] = {
    {.name = "piececonst_r421_N1024_smooth1.mat",
     .url = "https://drive.google.com/file/d/17anR-H_C7It5sytoNFOk7YmOeeCX11F6/view",
     .prepared = true,
     .size = "1.6 GB",
     .license = "MIT",
     .note = "training and validation samples; made by the generator of the authors of the Fourier "
             "Neural Operator, handed on by NAS-Bench-360 through a page that asks before it sends "
             "the file. An address of the authors' own is not known"},
    {.name = "piececonst_r421_N1024_smooth2.mat",
     .url = "https://drive.google.com/file/d/1v0nJs7GMnT2JYfhPuKBm7KyXRSBxMEFW/view",
     .prepared = true,
     .size = "1.6 GB",
     .license = "MIT",
     .note = "test samples; put it beside the other one and import the directory"},
    {0}};

const af_prep af_prep_darcy = {
    .name = "darcy",
    .accepts =
        "a directory with piececonst_r421_N1024_smooth1.mat (training) and ..._smooth2.mat "
        "(test), or one .mat file (version 5 or 7.3) with coeff and sol, samples x 421 x 421 or "
        "samples x 85 x 85. darcy_train_N.pt and darcy_test_N.pt of the neuraloperator library, in "
        "a "
        "directory, or one such file, make the variant darcy_N: another grid",
    .model =
        "Gaussian field of covariance 9 (-Laplace + 9)^-2, zero-Neumann; coefficient 12 where it "
        "is >= 0, else 3; -div(a grad u) = 1, u = 0 on the boundary, five-point finite "
        "differences on 421 x 421 nodes, every fifth kept (Li et al., Fourier Neural Operator, "
        "ICLR 2021)",
    .sources = sources,
    .import = import,
    .variant = af_darcy_tensors_variant,
    .generate = generate,
};
