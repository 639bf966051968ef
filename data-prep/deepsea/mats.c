/* The first axis, of sequences, runs fastest in these files, so a sequence lies spread over all of
 * its array: slices are cut across the last axis, of positions or targets. */
#include "data-prep/deepsea/mats.h"
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "data-prep/formats/counts.h"
#include "data-prep/formats/mat.h"

/* Doubles of a slice; and of the elements that it goes over, kept or not, since HDF5 needs memory
 * for every chunk that a read touches. */
enum { ROOM = 1 << 25, REACH = 1 << 28 };

const char *const af_deepsea_mat_files[AF_SPLITS] = {"train.mat", "valid.mat", "test.mat"};

static void name_of(char out[16], int split, bool x)
{
    snprintf(out, 16, "%s%sdata", af_split_names[split], x ? "x" : "");
}

static af_status check_shapes(af_deepsea_mats *out, af_mat *m, int split, const char *path)
{
    char name[16];
    af_mat_shape x, y;
    name_of(name, split, true);
    AF_TRY(af_mat_shape_of(&x, m, name));
    if (x.rank != 3 || x.dims[1] != AF_DNA_BASES || x.dims[2] != AF_DNA_LENGTH)
        return af_fail(AF_EFORMAT, "%s: '%s' is no array of sequences x %d x %d", path, name,
                       AF_DNA_BASES, AF_DNA_LENGTH);
    name_of(name, split, false);
    AF_TRY(af_mat_shape_of(&y, m, name));
    if (y.rank != 2 || y.dims[0] != x.dims[0] || y.dims[1] > AF_DEEPSEA_MOST_TARGETS)
        return af_fail(AF_EFORMAT, "%s: '%s' is no array of %lld sequences x 1 to %d targets", path,
                       name, (long long)x.dims[0], AF_DEEPSEA_MOST_TARGETS);
    if (out->targets && out->targets != y.dims[1])
        return af_fail(AF_EFORMAT, "%s: %lld targets, want %d as in %s", path, (long long)y.dims[1],
                       out->targets, af_deepsea_mat_files[AF_TRAIN]);
    out->targets = (int)y.dims[1];
    out->count[split] = x.dims[0];
    return AF_OK;
}

af_status af_deepsea_mats_look(af_deepsea_mats *out, const char *directory)
{
    char path[AF_SPLITS][AF_PATH_MAX];
    *out = (af_deepsea_mats){0};
    if (!af_dir_exists(directory)) return AF_OK;
    for (int s = 0; s < AF_SPLITS; s++) {
        AF_TRY(af_path_join(path[s], directory, af_deepsea_mat_files[s]));
        if (!af_file_exists(path[s])) return AF_OK;
    }
    for (int s = 0; s < AF_SPLITS; s++) {
        af_mat *m;
        AF_TRY(af_mat_open(&m, path[s]));
        af_status st = check_shapes(out, m, s, path[s]);
        af_mat_close(m);
        AF_TRY(st);
    }
    return AF_OK;
}

typedef struct source {
    af_mat *m;
    const char *path;
    int64_t step;       /* every step-th sequence is kept */
    int64_t rows, skip; /* sequences of a slice, step of what is read; kept is every skip-th row */
    double *room;
} source;

static af_status bad(const source *f, const char *name, int64_t sequence, const char *what, int at)
{
    return af_fail(AF_EFORMAT, "%s: '%s': sequence %lld, %s %d: want 0 or 1, and one base a place",
                   f->path, name, (long long)sequence, what, at + 1);
}

/* Places (of `depth` elements a sequence) or targets that go into a slice. */
static int64_t width_of(const source *f, int64_t n, int depth, int64_t left)
{
    const int64_t most = af_least(ROOM / (depth * f->rows), REACH / (depth * n * f->step)) + 1;
    return af_least(most, left);
}

static af_status read_x(af_dna_set *s, const source *f, const char *name)
{
    const int from = (AF_DNA_LENGTH - s->length) / 2;
    for (int64_t done = 0, width; done < s->length; done += width) {
        width = width_of(f, s->count, AF_DNA_BASES, s->length - done);
        const af_mat_slab slab = {
            {0, 0, from + done}, {f->step / f->skip, 1, 1}, {f->rows, AF_DNA_BASES, width}};
        AF_TRY(af_mat_read(f->room, f->m, name, &slab));
        for (int64_t i = 0; i < width; i++)
            for (int64_t k = 0; k < s->count; k++) {
                uint8_t *x = s->x + (size_t)k * af_dna_size(s) + done + i;
                int bases = 0;
                for (int c = 0; c < AF_DNA_BASES; c++) {
                    const double v = f->room[k * f->skip + f->rows * (c + AF_DNA_BASES * i)];
                    bases += v == 0 ? 0 : v == 1 ? 1 : AF_DNA_BASES;
                    x[c * s->length] = v == 1;
                }
                if (bases > 1) return bad(f, name, k * f->step, "position", from + (int)(done + i));
            }
    }
    return AF_OK;
}

static af_status read_y(af_dna_set *s, const source *f, const char *name)
{
    for (int64_t done = 0, width; done < s->labels; done += width) {
        width = width_of(f, s->count, 1, s->labels - done);
        const af_mat_slab slab = {{0, done}, {f->step / f->skip, 1}, {f->rows, width}};
        AF_TRY(af_mat_read(f->room, f->m, name, &slab));
        for (int64_t c = 0; c < width; c++)
            for (int64_t k = 0; k < s->count; k++) {
                const double v = f->room[k * f->skip + f->rows * c];
                if (v != 0 && v != 1) return bad(f, name, k * f->step, "target", (int)(done + c));
                s->y[k * s->labels + done + c] = (float)v;
            }
    }
    return AF_OK;
}

static af_status read_split(af_dna_set *out, const source *f, int split)
{
    char name[16];
    for (int64_t k = 0; k < out->count; k++) out->number[k] = k * f->step;
    name_of(name, split, true);
    AF_TRY(read_x(out, f, name));
    name_of(name, split, false);
    return read_y(out, f, name);
}

static af_status open_split(af_dna_set *out, const af_deepsea_mats *m, const char *directory,
                            const af_dna_layout *l, int split)
{
    char path[AF_PATH_MAX];
    const int64_t all = m->count[split], most = l->count[split];
    source f = {.path = path, .step = (all + most - 1) / most};
    const int64_t n = (all + f.step - 1) / f.step;
    AF_TRY(af_path_join(path, directory, af_deepsea_mat_files[split]));
    AF_TRY(af_dna_set_new(out, n, l));
    AF_TRY(af_mat_open(&f.m, path));
    f.skip = af_mat_is_hdf5(f.m) ? 1 : f.step;
    f.rows = af_mat_is_hdf5(f.m) ? n : all;
    /* a slice is at most one place of all its rows larger than ROOM */
    f.room = af_alloc(((size_t)ROOM + (size_t)f.rows * AF_DNA_BASES) * sizeof *f.room);
    af_status st = f.room ? read_split(out, &f, split) : AF_ENOMEM;
    af_free(f.room);
    af_mat_close(f.m);
    return st;
}

af_status af_deepsea_mats_read(af_dna_set out[AF_SPLITS], const af_deepsea_mats *m,
                               const char *directory, const af_dna_layout *l)
{
    af_status st = AF_OK;
    memset(out, 0, AF_SPLITS * sizeof *out);
    for (int s = 0; s < AF_SPLITS && st == AF_OK; s++) st = open_split(&out[s], m, directory, l, s);
    for (int s = 0; s < AF_SPLITS && st != AF_OK; s++) af_dna_set_free(&out[s]);
    return st;
}
