/* psicov: crops, chains, generated data, and imports of files like the released ones, made up and
 * from $AFIELD_TESTDATA. */
#include "tests/aid/work.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/base/log.h"
#include "data-prep/psicov/features.h"
#include "data-prep/psicov/lists.h"
#include "data-prep/psicov/pdnet.h"
#include "data-prep/psicov/scratch.h"

extern const af_prep af_prep_psicov;
extern const af_task af_task_psicov;

static af_prep_request request(const char *directory, const char *source, af_size size)
{
    static char place[AF_PATH_MAX];
    assert_ok(af_path_join(place, work_dir, directory));
    assert_ok(af_mkdirs(place));
    return (af_prep_request){&af_task_psicov, size, source, 7, place};
}

/* ---- crops ---- */

enum { L = 5 };

/* Values that name their feature and residues. */
static af_protein marked(void)
{
    af_protein p;
    assert_ok(af_protein_new(&p, L));
    for (int k = 0; k < AF_PSICOV_ROWS; k++)
        for (int i = 0; i < L; i++) p.row[k * L + i] = (float)(100 * k + i + 1);
    for (int e = 0; e < AF_PSICOV_MAPS * L * L; e++) p.map[e] = (float)(5000 + e);
    for (int e = 0; e < L * L; e++) p.far[e] = (float)(2 + e);
    p.far[1 * L + 3] = NAN;
    p.far[0 * L + 4] = 0.25f;
    return p;
}

/* What NAS-Bench-360's order of channels and padding say of one cell, for a tile at (top, left). */
static void crops_have_the_papers_channels(void **state)
{
    (void)state;
    enum { TILE = 4, CHANNELS = 57, AREA = TILE * TILE };
    static const int corner[][2] = {{0, 0}, {4, 0}, {0, 4}, {3, 2}, {8, 8}};
    const af_psicov_layout l = {.tile = TILE, .pad = 2, .profile = true};
    assert_int_equal(af_psicov_channels(&l), CHANNELS);
    assert_int_equal(af_psicov_grid(&l, L), 3); /* 5 + 4 over tiles of 4 */
    assert_int_equal(af_psicov_grid(&l, 4), 2);
    af_protein p = marked();
    for (size_t t = 0; t < LENGTH(corner); t++) {
        float x[CHANNELS * AREA], y[AREA];
        uint8_t mask[AREA];
        af_protein_crop(x, y, mask, &p, &l, corner[t][0], corner[t][1]);
        for (int e = 0; e < AREA; e++) {
            const int r = corner[t][0] + e / TILE - 2, c = corner[t][1] + e % TILE - 2;
            const bool inside = r >= 0 && c >= 0 && r < L && c < L;
            for (int k = 0; k < AF_PSICOV_ROWS; k++) {
                assert_true(x[2 * k * AREA + e] == (inside ? (float)(100 * k + c + 1) : 0));
                assert_true(x[(2 * k + 1) * AREA + e] == (inside ? (float)(100 * k + r + 1) : 0));
            }
            for (int k = 0; k < AF_PSICOV_MAPS; k++)
                assert_true(x[(54 + k) * AREA + e] ==
                            (inside ? (float)(5000 + (k * L + r) * L + c) : 0));
            const bool known = inside && !(r == 1 && c == 3);
            assert_int_equal(mask[e], known);
            float want = 16;
            if (inside) want = known ? fminf(p.far[r * L + c], 16) : 0;
            assert_true(y[e] == want);
        }
    }
    af_protein_free(&p);
}

static void distances_are_tidied(void **state)
{
    (void)state;
    af_protein p = marked();
    af_protein_tidy(&p);
    assert_true(p.far[4] == 1);                    /* 0.25 */
    assert_true(p.far[0] == 3 && p.far[24] == 25); /* at the ends both neighbours are one */
    assert_true(p.far[12] == (p.far[11] + p.far[13]) / 2);
    assert_true(isnan(p.far[8])); /* not known */
    af_protein_free(&p);
}

/* ---- generate ---- */

static void chains_do_not_collide(void **state)
{
    (void)state;
    enum { N = 120 };
    int contacts = 0;
    for (uint32_t k = 0; k < 8; k++) {
        double at[3 * N];
        int kind[N], kinds[3] = {0};
        af_rng r = af_rng_at(3, "test chain", 0, 0, 0, k);
        assert_ok(af_chain_grow(at, kind, N, &r));
        for (int i = 0; i < N; i++) {
            kinds[kind[i]]++;
            for (int j = 0; j < i; j++) {
                const double d = hypot(hypot(at[3 * i] - at[3 * j], at[3 * i + 1] - at[3 * j + 1]),
                                       at[3 * i + 2] - at[3 * j + 2]);
                if (j == i - 1) assert_true(fabs(d - 3.8) < 0.01);
                if (j < i - 2) assert_true(d >= 4 - 1e-9);
                contacts += j <= i - 24 && d <= 8;
            }
        }
        for (int c = 0; c < 3; c++) assert_true(kinds[c] > 0);
    }
    assert_true(contacts > 8 * 20); /* compact */
}

/* Coevolution is higher in contacts than elsewhere, and far from telling them apart. */
static void features_know_something(void **state)
{
    (void)state;
    double sum[2] = {0}, squares[2] = {0}, count[2] = {0};
    for (int k = 0; k < 10; k++) {
        af_protein p;
        assert_ok(af_psicov_generate(&p, 5, "test", k, 60));
        for (int i = 0; i < 60; i++)
            for (int j = i + 6; j < 60; j++) {
                const int contact = p.far[i * 60 + j] <= 8;
                const double v = p.map[i * 60 + j];
                assert_true(p.map[i * 60 + j] == p.map[j * 60 + i]);
                assert_true(p.far[i * 60 + j] == p.far[j * 60 + i]);
                sum[contact] += v;
                squares[contact] += v * v;
                count[contact]++;
            }
        af_protein_free(&p);
    }
    double mean[2], std[2];
    for (int c = 0; c < 2; c++) {
        mean[c] = sum[c] / count[c];
        std[c] = sqrt(squares[c] / count[c] - mean[c] * mean[c]);
    }
    const double z = (mean[1] - mean[0]) / std[0];
    print_message("           contacts score %.2f standard deviations higher\n", z);
    assert_true(z > 0.5 && z < 3);
}

/* Tiles of a group, assembled, are one symmetric map whose unmasked part is a square. */
static void check_tiles(const af_dataset *d, const af_indices *which)
{
    const int tile = d->output.h;
    const float *y = d->y;
    for (int64_t at = 0; at < which->count;) {
        int64_t count = 1;
        while (at + count < which->count &&
               d->group[which->i[at + count]] == d->group[which->i[at]])
            count++;
        const int g = (int)lround(sqrt((double)count)), side = g * tile;
        assert_int_equal(g * g, count);
        int64_t known = 0;
        for (int r = 0; r < side; r++)
            for (int c = 0; c < side; c++) {
                const int64_t here = which->i[at + r / tile * g + c / tile] * tile * tile +
                                     r % tile * tile + c % tile;
                const int64_t there = which->i[at + c / tile * g + r / tile] * tile * tile +
                                      c % tile * tile + r % tile;
                assert_true(r == c || y[here] == y[there]);
                assert_true(y[here] >= 1 && y[here] <= 16);
                assert_int_equal(d->mask[AF_CLEAN][here], d->mask[AF_CLEAN][there]);
                known += d->mask[AF_CLEAN][here];
                if (!d->mask[AF_CLEAN][here]) assert_true(y[here] == 16);
            }
        const int64_t length = lround(sqrt((double)known));
        assert_int_equal(length * length, known);
        at += count;
    }
}

static void generates(void **state)
{
    (void)state;
    const af_prep_request r = request("generated", NULL, AF_TINY);
    af_dataset *d, *t, *again;
    assert_ok(af_prep_psicov.generate(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_psicov, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_psicov, AF_HELD_OUT));
    assert_string_equal(d->provenance, "generated");
    assert_int_equal(d->input.c, 11);
    assert_int_equal(d->split[AF_CLEAN][AF_TRAIN].count, 48 * 4);
    assert_int_equal(d->split[AF_PAPER][AF_TRAIN].count, d->n);
    assert_null(d->split[AF_PAPER][AF_VALID].i);
    assert_non_null(d->mask[AF_CLEAN]);
    assert_null(d->mask[AF_PAPER]);
    assert_non_null(d->scaling[AF_CLEAN].y_mean);
    assert_null(d->scaling[AF_PAPER].x_mean);
    check_tiles(d, &d->split[AF_CLEAN][AF_VALID]);
    check_tiles(t, &t->split[AF_CLEAN][AF_TEST]);
    const af_prep_request same = request("again", NULL, AF_TINY);
    assert_ok(af_prep_psicov.generate(&same));
    assert_ok(af_dataset_open(&again, same.directory, &af_task_psicov, AF_MAIN));
    assert_string_equal(d->sha256, again->sha256);
    af_dataset_close(again);
    af_dataset_close(d);
    af_dataset_close(t);
}

/* Beyond 256 MiB an array is a file without a name; a disk that is full is an error. */
static void large_arrays_leave_nothing(void **state)
{
    (void)state;
    enum { MIB = 1 << 20 };
    const size_t size = (size_t)257 * MIB, before = work_entries();
    af_scratch s;
    assert_ok(af_scratch_new(&s, size, work_dir));
    assert_int_equal(s.mapped, size);
    char *bytes = s.data;
    assert_true(bytes[0] == 0 && bytes[size - 1] == 0);
    bytes[size - 1] = 1;
    assert_int_equal(work_entries(), before);
    af_scratch_free(&s);
    assert_ok(af_scratch_new(&s, MIB, work_dir));
    assert_int_equal(s.mapped, 0);
    af_scratch_free(&s);
    work_limit_files(MIB);
    af_status st = af_scratch_new(&s, size, work_dir);
    work_limit_files(SIZE_MAX);
    assert_int_equal(st, AF_EIO);
    assert_says("no room for 257 MiB of samples");
    assert_int_equal(work_entries(), before);
}

/* ---- import ---- */

static const char *real_set(char path[AF_PATH_MAX])
{
    const char *root = getenv("AFIELD_TESTDATA");
    if (!root) {
        print_message("           AFIELD_TESTDATA is not set: real proteins are not read\n");
        skip();
    }
    assert_ok(af_path_format(path, "%s/psicov/pdnet", root));
    return path;
}

/* Figures of 1aqtA by numpy. */
static void reads_a_real_protein(void **state)
{
    (void)state;
    char root[AF_PATH_MAX];
    af_protein p;
    int length;
    real_set(root);
    af_sha256 *h = af_sha256_new();
    char hex[AF_SHA256_HEX];
    assert_ok(af_pdnet_length(&length, root, "1aqtA"));
    assert_int_equal(length, 80);
    assert_ok(af_pdnet_read(&p, root, "1aqtA", h));
    af_sha256_end(h, hex);
    assert_int_equal(p.length, 80);
    assert_true(fabs(p.row[0] - 0.20497802) < 1e-7 && fabs(p.row[1] - 0.19658153) < 1e-7);
    assert_true(fabs(p.row[AF_PSICOV_PSSM * 80] - 0.04545455) < 1e-7);
    assert_true(fabs(p.row[AF_PSICOV_SA * 80 + 1] - 0.16570967) < 1e-7);
    assert_true(fabs(p.row[AF_PSICOV_ENTROPY * 80] - 0.5986416) < 1e-6);
    assert_true(fabs(p.map[1] - 0.0052198) < 1e-6);
    assert_true(fabs(p.map[AF_PSICOV_POTENTIAL * 6400] + 0.4412499) < 1e-6);
    assert_true(fabs(p.far[2] - 6.844173) < 1e-5);
    int contacts = 0;
    for (int i = 0; i < 80; i++)
        for (int j = i + 24; j < 80; j++) contacts += p.far[i * 80 + j] <= 8;
    assert_int_equal(contacts, 91);
    af_protein_free(&p);
    assert_int_equal(af_pdnet_length(&length, root, "9zzzZ"), AF_ENOTFOUND);
    assert_says("9zzzZ-cb.npy");
}

static void imports_real_proteins(void **state)
{
    (void)state;
    char root[AF_PATH_MAX];
    af_dataset *d, *t;
    real_set(root);
    const af_prep_request r = request("real", root, AF_FULL);
    assert_ok(af_prep_psicov.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_psicov, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_psicov, AF_HELD_OUT));
    assert_string_equal(d->provenance, "partial");
    assert_int_equal(d->input.c, 57);
    assert_int_equal(d->input.h, 128);
    /* in the order of train.lst: 16 + 2 + 2; the one of 127 residues tests and has four tiles */
    assert_true(!strncmp(d->ids, "2qlcA:", 6));
    assert_true(!strncmp(t->ids, "1czpA:", 6) || !strncmp(t->ids, "2a0bA:", 6) ||
                !strncmp(t->ids, "3f04A:", 6));
    check_tiles(d, &d->split[AF_CLEAN][AF_VALID]);
    check_tiles(t, &t->split[AF_CLEAN][AF_TEST]);
    int32_t groups = 1;
    for (int64_t i = 1; i < d->n; i++) groups += d->group[i] != d->group[i - 1];
    assert_int_equal(groups, 18);
    af_dataset_close(d);
    af_dataset_close(t);
}

/* ---- other arrangements, put together from real files ---- */

static void copy(const char *from_root, const char *from, const char *to_root, const char *to,
                 bool features)
{
    char path[AF_PATH_MAX], *data;
    size_t size;
    assert_ok(af_path_format(path, "%s/%s/%s%s", from_root, features ? "features" : "distance",
                             from, features ? ".pkl" : "-cb.npy"));
    assert_ok(af_file_read(&data, &size, path, 64 << 20));
    assert_ok(af_path_format(path, "%s/%s", to_root, features ? "features" : "distance"));
    assert_ok(af_mkdirs(path));
    assert_ok(af_path_format(path, "%s/%s/%s%s", to_root, features ? "features" : "distance", to,
                             features ? ".pkl" : "-cb.npy"));
    assert_ok(af_file_write(path, data, size));
    af_free(data);
}

static void put_protein(const char *from_set, const char *from, const char *root, const char *to)
{
    copy(from_set, from, root, to, true);
    copy(from_set, from, root, to, false);
}

static void the_released_arrangement(void **state)
{
    (void)state;
    static const char *const learn[] = {"1aqtA", "1ctfA", "1oapA", "1tenA"};
    static const char *const test[] = {"1wvnA", "2bwfA"};
    char from_set[AF_PATH_MAX], root[AF_PATH_MAX], list[256] = "";
    real_set(from_set);
    assert_ok(af_path_join(root, work_dir, "released/deepcov"));
    for (size_t k = 0; k < LENGTH(learn); k++) {
        put_protein(from_set, learn[k], root, learn[k]);
        snprintf(list + strlen(list), sizeof list - strlen(list), "%s\n", learn[k]);
    }
    work_put("released/deepcov.lst", list);
    assert_ok(af_path_join(root, work_dir, "released/psicov"));
    for (size_t k = 0; k < LENGTH(test); k++) put_protein(from_set, test[k], root, test[k]);
    work_put("released/psicov.lst", "1wvnA\n2bwfA\n");
    assert_ok(af_path_join(root, work_dir, "released"));
    const af_prep_request r = request("released.out", root, AF_TINY);
    af_dataset *d, *t;
    assert_ok(af_prep_psicov.import(&r));
    assert_ok(af_dataset_open(&d, r.directory, &af_task_psicov, AF_MAIN));
    assert_ok(af_dataset_open(&t, r.directory, &af_task_psicov, AF_HELD_OUT));
    const int64_t valid = d->split[AF_CLEAN][AF_VALID].i[0];
    assert_true(!strncmp(d->ids + valid * AF_ID_MAX, "1aqtA:", 6)); /* the head of the list */
    assert_true(!strncmp(d->ids, "1ctfA:", 6));
    assert_true(!strncmp(t->ids, "1wvnA:", 6));
    af_dataset_close(d);
    af_dataset_close(t);
    work_put("released/psicov.lst", "1wvnA\n1ctfA\n");
    assert_ok(af_path_join(root, work_dir, "released/psicov"));
    put_protein(from_set, "1ctfA", root, "1ctfA");
    assert_ok(af_path_join(root, work_dir, "released"));
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    assert_says("protein '1ctfA' is listed twice");
}

static void wrong_files_are_refused(void **state)
{
    (void)state;
    char from_set[AF_PATH_MAX], root[AF_PATH_MAX];
    real_set(from_set);
    assert_ok(af_path_join(root, work_dir, "wrong"));
    static const char *const names[] = {"1aqtA", "1ctfA", "1oapA"};
    for (size_t k = 0; k < LENGTH(names); k++) put_protein(from_set, names[k], root, names[k]);
    const af_prep_request r = request("wrong.out", root, AF_TINY);
    assert_ok(af_prep_psicov.import(&r));         /* no list: the names of the files, sorted */
    copy(from_set, "1aqtA", root, "1ctfA", true); /* of another length */
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    assert_says("1ctfA.pkl: 'ss' is float32 {3, 80}, want numbers {3, 68}");
    work_put("wrong/features/1ctfA.pkl", "(dp0\nVss\np1\n(lp2\nF1.5\nas.");
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    assert_says("'ss' is a list, want numbers {3, 68}");
    work_put("wrong/features/1ctfA.pkl", "cos\nsystem\n(S'true'\ntR.");
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    work_put("wrong/only.lst", "1aqtA\n../secret\n1ctfA\n");
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    assert_says("entry 2 is '../secret'");
    work_put("wrong/only.lst", "1aqtA\n1ctfA\n");
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    assert_says("2 proteins, want at least 3 to split");
    work_put("wrong/second.lst", "1aqtA\n");
    assert_int_equal(af_prep_psicov.import(&r), AF_EFORMAT);
    assert_says("2 files end in .lst");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(crops_have_the_papers_channels),
        cmocka_unit_test(distances_are_tidied),
        cmocka_unit_test(chains_do_not_collide),
        cmocka_unit_test(features_know_something),
        cmocka_unit_test(generates),
        cmocka_unit_test(large_arrays_leave_nothing),
        cmocka_unit_test(reads_a_real_protein),
        cmocka_unit_test(imports_real_proteins),
        cmocka_unit_test(the_released_arrangement),
        cmocka_unit_test(wrong_files_are_refused),
    };
    af_log_set(AF_LOG_ERROR);
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
