/* Augmentation: what is done to one image, against a plain description of it; which numbers decide,
 * and that nothing else does; and that training uses it and validation does not. */
#include <math.h>
#include <stdlib.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "core/train/batch.h"
#include "core/train/checkpoint.h"
#include "tests/aid/toy.h"
#include "tests/aid/work.h"

enum { C = 2, H = 4, W = 5, SIZE = C * H * W, DRAWS = 4000 };
static const af_shape shape = {C, H, W};

static void fill(float x[SIZE])
{
    for (int i = 0; i < SIZE; i++) x[i] = (float)(i + 1);
}

/* The crop at (dy + pad, dx + pad) of the padded image, then its mirror image. */
static void plainly(float want[SIZE], const float x[SIZE], int pad, int dy, int dx, bool flip)
{
    static float padded[C][H + 16][W + 16], crop[C][H][W];
    memset(padded, 0, sizeof padded);
    for (int i = 0; i < SIZE; i++) padded[i / (H * W)][i / W % H + pad][i % W + pad] = x[i];
    for (int i = 0; i < SIZE; i++) {
        int c = i / (H * W), row = i / W % H, column = i % W;
        crop[c][row][column] = padded[c][row + dy + pad][column + dx + pad];
    }
    for (int i = 0; i < SIZE; i++)
        want[i] = crop[i / (H * W)][i / W % H][flip ? W - 1 - i % W : i % W];
}

static void moves(void **state)
{
    (void)state;
    enum { PAD = 7 }; /* farther than the image is wide */
    float x[SIZE], want[SIZE], got[SIZE];
    fill(x);
    for (int dy = -PAD; dy <= PAD; dy++)
        for (int dx = -PAD; dx <= PAD; dx++)
            for (int flip = 0; flip < 2; flip++) {
                const af_augment_draw d = {.dy = dy, .dx = dx, .flip = flip};
                plainly(want, x, PAD, dy, dx, flip);
                memset(got, 0xff, sizeof got);
                af_augment_move(got, x, shape, &d);
                assert_memory_equal(got, want, sizeof want);
            }
}

/* Zeros are exactly where |row - centre| and |column - centre| allow, for every square drawn. */
static void cuts(void **state)
{
    (void)state;
    static const int sides[] = {0, 1, 2, 3, 4, 16};
    for (size_t s = 0; s < LENGTH(sides); s++) {
        int seen[H][W] = {0}, side = sides[s];
        const af_augment a = {.cutout = side};
        for (int k = 0; k < DRAWS; k++) {
            float x[SIZE];
            int top = H, left = W, bottom = 0, right = 0, zeros = 0;
            af_augment_draw d = af_augment_at(&a, shape, 1, 2, 3, k);
            fill(x);
            af_augment_cut(x, shape, &d);
            for (int i = 0; i < SIZE; i++) {
                int row = i / W % H, column = i % W;
                bool inside =
                    row >= d.top && row < d.bottom && column >= d.left && column < d.right;
                assert_true(x[i] == (inside ? 0 : (float)(i + 1)));
                if (x[i] != 0) continue;
                zeros++;
                if (row < top) top = row;
                if (row >= bottom) bottom = row + 1;
                if (column < left) left = column;
                if (column >= right) right = column + 1;
            }
            assert_int_equal(zeros, side ? C * (bottom - top) * (right - left) : 0);
            if (!side) continue;
            assert_true(bottom - top <= side && right - left <= side);
            /* a square that is cut short touches the border */
            assert_true(bottom - top == side || top == 0 || bottom == H);
            assert_true(right - left == side || left == 0 || right == W);
            if (side == 1) seen[top][left]++;
        }
        for (int i = 0; side == 1 && i < H * W; i++) /* every centre, about equally often */
            assert_in_range(seen[i / W][i % W], DRAWS / (H * W) / 2, DRAWS / (H * W) * 2);
    }
}

static void draws_are_uniform(void **state)
{
    (void)state;
    enum { PAD = 2, PLACES = 2 * PAD + 1, EACH = DRAWS / (PLACES * PLACES * 2) };
    const af_augment a = {.pad = PAD, .flip = true};
    int seen[PLACES][PLACES][2] = {0};
    for (int k = 0; k < DRAWS; k++) {
        af_augment_draw d = af_augment_at(&a, shape, 7, 0, 0, k);
        assert_in_range(d.dy + PAD, 0, PLACES - 1);
        assert_in_range(d.dx + PAD, 0, PLACES - 1);
        assert_true(d.top >= d.bottom || d.left >= d.right);
        seen[d.dy + PAD][d.dx + PAD][d.flip]++;
    }
    for (int i = 0; i < PLACES * PLACES * 2; i++)
        assert_in_range(seen[i / 2 / PLACES][i / 2 % PLACES][i % 2], EACH / 2, EACH * 2);
}

static bool same_draw(const af_augment_draw *a, const af_augment_draw *b)
{
    return a->dy == b->dy && a->dx == b->dx && a->flip == b->flip && a->top == b->top &&
           a->bottom == b->bottom && a->left == b->left && a->right == b->right;
}

/* Seed, trial, epoch and sample decide, each of them. */
static void positions_decide(void **state)
{
    (void)state;
    const af_augment a = {.pad = 4, .flip = true, .cutout = 3};
    const af_shape large = {3, 32, 32};
    int equal[5] = {0};
    for (int k = 0; k < 500; k++) {
        const af_augment_draw d[5] = {
            af_augment_at(&a, large, 1, 2, 3, k),     af_augment_at(&a, large, 2, 2, 3, k),
            af_augment_at(&a, large, 1, 3, 3, k),     af_augment_at(&a, large, 1, 2, 4, k),
            af_augment_at(&a, large, 1, 2, 3, k + 1),
        };
        const af_augment_draw again = af_augment_at(&a, large, 1, 2, 3, k);
        assert_true(same_draw(&d[0], &again));
        for (int i = 1; i < 5; i++) equal[i] += same_draw(&d[0], &d[i]);
    }
    for (int i = 1; i < 5; i++) assert_in_range(equal[i], 0, 5);
}

static void one_dimension(void **state)
{
    (void)state;
    const af_augment a = {.pad = 3, .flip = true, .cutout = 2};
    for (int k = 0; k < 100; k++) {
        af_augment_draw d = af_augment_at(&a, (af_shape){2, 1, 9}, 0, 0, 0, k);
        assert_int_equal(d.dy, 0);
        assert_int_equal(d.bottom - d.top, 1);
        assert_in_range(d.right - d.left, 1, 2);
    }
}

static void prints(void **state)
{
    (void)state;
    static const struct {
        af_augment a;
        const char *text;
    } cases[] = {
        {{0}, ""},
        {{.pad = 4}, "crop 4"},
        {{.flip = true}, "flip"},
        {{.pad = 4, .flip = true, .cutout = 16}, "crop 4, flip, cutout 16"},
        {{.masks = 2, .mask_share = .5, .mask_rows = .15, .mask_columns = .2},
         "masks 2 of 0.15 rows and 0.2 columns at 0.5"},
        {{.pad = 4, .masks = 1, .mask_share = 1, .mask_rows = .25, .in_paper = true},
         "under paper: crop 4, masks 1 of 0.25 rows and 0 columns at 1"},
        {{.mix_share = .75, .mix_most = .5}, "mix up to 0.5 at 0.75"},
        {{.level_least = -.9, .level_most = 3, .in_paper = true}, "under paper: level -0.9 to 3"},
        {{.level_least = 2, .level_most = 2, .in_paper = true}, ""},
        {{.pad = 100000000, .flip = true, .cutout = 100000000},
         "crop 100000000, flip, cutout 100000000"},
    };
    char text[AF_AUGMENT_TEXT];
    for (size_t i = 0; i < LENGTH(cases); i++) {
        af_augment_print(text, &cases[i].a);
        assert_string_equal(text, cases[i].text);
    }
}

/* ---- masks of spectrograms ---- */

/* As in the description: rows of a band are the least value, and so are columns; the rest stays. */
static void masks_fill_bands(void **state)
{
    (void)state;
    const af_mask_draw d = {2, {{1, 1, 0, 0}, {3, 1, 2, 2}}};
    float x[SIZE];
    fill(x);
    x[7] = -5;
    af_augment_mask(x, shape, &d);
    for (int i = 0; i < SIZE; i++) {
        const int row = i / W % H, column = i % W;
        const bool masked = row == 1 || row == 3 || column == 2 || column == 3;
        assert_true(x[i] == (masked || i == 7 ? -5 : (float)(i + 1)));
    }
    fill(x);
    af_augment_mask(x, shape, &(af_mask_draw){0});
    for (int i = 0; i < SIZE; i++) assert_true(x[i] == (float)(i + 1));
}

/* NAS-Bench-360's numbers on 96 x 101: half of the samples, one or two times a band of up to 15 %
 * of the rows and one of up to 20 % of the columns, all of whose widths and places occur. */
static void masks_are_drawn_as_published(void **state)
{
    (void)state;
    const af_augment a = {.masks = 2, .mask_share = .5, .mask_rows = .15, .mask_columns = .2};
    const af_shape s = {1, 96, 101};
    int count[3] = {0}, rows[96] = {0}, columns[101] = {0}, first = 96, last = 0;
    double sum = 0;
    for (int k = 0; k < DRAWS; k++) {
        const af_mask_draw d = af_augment_masks_at(&a, s, 3, 2, 1, k);
        assert_in_range(d.count, 0, 2);
        count[d.count]++;
        for (int i = 0; i < d.count; i++) {
            assert_in_range(d.band[i].rows, 0, 14);
            assert_in_range(d.band[i].columns, 0, 20);
            assert_in_range(d.band[i].row, 0, 95 - d.band[i].rows);
            assert_in_range(d.band[i].column, 0, 100 - d.band[i].columns);
            rows[d.band[i].rows]++;
            columns[d.band[i].columns]++;
            sum += d.band[i].columns;
            if (d.band[i].row < first) first = d.band[i].row;
            if (d.band[i].row + d.band[i].rows > last) last = d.band[i].row + d.band[i].rows;
        }
    }
    assert_in_range(count[0], DRAWS * 45 / 100, DRAWS * 55 / 100);
    assert_in_range(count[1], DRAWS * 22 / 100, DRAWS * 28 / 100);
    const int bands = count[1] + 2 * count[2];
    for (int k = 0; k < 14; k++) assert_in_range(rows[k], bands / 14.4 / 1.4, bands / 14.4 * 1.4);
    for (int k = 0; k < 20; k++)
        assert_in_range(columns[k], bands / 20.2 / 1.5, bands / 20.2 * 1.5);
    assert_true(fabs(sum / bands - 9.6) < 0.5);
    assert_true(first == 0 &&
                last == 95); /* the last one is never reached: places are rounded down */
}

static bool same_masks(const af_mask_draw *a, const af_mask_draw *b)
{
    bool same = a->count == b->count;
    for (int k = 0; k < a->count && same; k++)
        same = a->band[k].row == b->band[k].row && a->band[k].rows == b->band[k].rows &&
               a->band[k].column == b->band[k].column && a->band[k].columns == b->band[k].columns;
    return same;
}

/* Seed, trial, epoch and sample decide; the other augmentations' draws stay what they are. */
static void masks_have_their_own_stream(void **state)
{
    (void)state;
    const af_augment a = {.masks = 2, .mask_share = 1, .mask_rows = .5, .mask_columns = .5};
    const af_shape s = {1, 96, 101};
    int equal[5] = {0};
    for (int k = 0; k < 500; k++) {
        const af_mask_draw d[5] = {
            af_augment_masks_at(&a, s, 1, 2, 3, k),     af_augment_masks_at(&a, s, 2, 2, 3, k),
            af_augment_masks_at(&a, s, 1, 3, 3, k),     af_augment_masks_at(&a, s, 1, 2, 4, k),
            af_augment_masks_at(&a, s, 1, 2, 3, k + 1),
        };
        const af_mask_draw again = af_augment_masks_at(&a, s, 1, 2, 3, k);
        assert_true(same_masks(&d[0], &again));
        for (int i = 1; i < 5; i++) equal[i] += same_masks(&d[0], &d[i]);
        const af_augment crop = {.pad = 4, .flip = true},
                         both = {.pad = 4, .flip = true, .masks = 2};
        const af_augment_draw x = af_augment_at(&crop, s, 1, 2, 3, k);
        const af_augment_draw y = af_augment_at(&both, s, 1, 2, 3, k);
        assert_true(same_draw(&x, &y));
    }
    for (int i = 1; i < 5; i++) assert_in_range(equal[i], 0, 5);
    const af_augment many = {.masks = 100, .mask_share = 1, .mask_rows = 1, .mask_columns = 1};
    for (int k = 0; k < 100; k++) /* a recipe that asks for too much stays within bounds */
        assert_in_range(af_augment_masks_at(&many, s, 0, 0, 0, k).count, 1, AF_AUGMENT_MASKS);
}

/* ---- batches ---- */

/* After scaling; under protocol paper only, where the recipe says so. */
static void batches_are_masked(void **state)
{
    (void)state;
    toy stored;
    af_dataset *d;
    af_batch b;
    float want[TOY_X];
    int masked[2] = {0};
    toy_fill(&stored, &toy_labels);
    assert_ok(af_dataset_write(work_dir, &stored.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    const af_scaling *s = &d->scaling[AF_CLEAN];
    af_training t = {.task = &toy_labels, .data = d, .seed = 3, .trial = 4};
    t.recipe.augment =
        (af_augment){.masks = 2, .mask_share = .7, .mask_rows = 1, .mask_columns = .9};
    assert_ok(af_batch_new(&b, d, 1));
    for (int epoch = 0; epoch < 40; epoch++) {
        const int64_t sample = epoch % TOY_N;
        t.recipe.augment.in_paper = epoch & 1;
        t.protocol = AF_CLEAN;
        const af_source source = af_epoch_source(&t, epoch);
        const bool on = !(epoch & 1);
        af_mask_draw draw =
            af_augment_masks_at(&t.recipe.augment, d->input, 3, 4, (uint32_t)epoch, sample);
        for (int e = 0; e < TOY_X; e++)
            want[e] = (stored.x[sample * TOY_X + e] - s->x_mean[e]) / s->x_std[e];
        if (on) af_augment_mask(want, d->input, &draw);
        af_batch_load(&b, &source, &sample, 1);
        assert_memory_equal(b.x, want, sizeof want);
        masked[on] += draw.count > 0;
        t.protocol = AF_PAPER;
        assert_int_equal(af_epoch_source(&t, epoch).augment.masks, 2);
    }
    assert_true(masked[0] > 5 && masked[1] > 5);
    af_batch_close(&b);
    af_dataset_close(d);
}

/* Padding is a stored 0, so it is scaled like any other value; what is cut is 0 after scaling. The
 * order of a batch and what else is in it change nothing, nor does the type that x is stored as. */
static void check_batches(const toy *stored, const af_dataset *d)
{
    af_batch b;
    const int64_t order[2][3] = {{4, 0, 2}, {2, 4, 1}};
    float want[TOY_X], seen[TOY_X];
    const af_scaling *s = &d->scaling[AF_CLEAN];
    af_training t = {.task = &toy_labels, .data = d, .seed = 3, .trial = 4};
    t.recipe.augment = (af_augment){.pad = 2, .flip = true, .cutout = 2};
    assert_ok(af_batch_new(&b, d, 3));
    int changed = 0;
    for (int epoch = -1; epoch < 8; epoch++) {
        af_source source = af_epoch_source(&t, epoch);
        if (epoch < 0) source.augment = (af_augment){0}; /* as for validation */
        for (int k = 0; k < 2; k++) {
            af_batch_load(&b, &source, order[k], 3);
            assert_int_equal(b.n, 3);
            for (int i = 0; i < 3; i++) {
                const int64_t sample = order[k][i];
                af_augment_draw draw =
                    af_augment_at(&t.recipe.augment, d->input, 3, 4, (uint32_t)epoch, sample);
                if (epoch < 0) draw = (af_augment_draw){0};
                af_augment_move(want, stored->x + sample * TOY_X, d->input, &draw);
                for (int e = 0; e < TOY_X; e++) want[e] = (want[e] - s->x_mean[e]) / s->x_std[e];
                af_augment_cut(want, d->input, &draw);
                assert_memory_equal(b.x + i * TOY_X, want, sizeof want);
                assert_int_equal(((const int32_t *)b.y)[i], stored->label[sample]);
            }
        }
        changed += epoch > 0 && memcmp(seen, b.x, sizeof seen) != 0;
        memcpy(seen, b.x, sizeof seen);
    }
    assert_in_range(changed, 4, 7);
    af_batch_close(&b);
}

static void batches(void **state)
{
    (void)state;
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        toy t;
        af_dataset *d;
        toy_fill(&t, &toy_labels);
        toy_store_as(&t, type);
        assert_ok(af_dataset_write(work_dir, &t.content));
        assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
        check_batches(&t, d);
        af_dataset_close(d);
    }
}

/* What NAS-Bench-360 does to a training image of CIFAR-100: RandomCrop(32, padding 4), flip,
 * ToTensor, Normalize, and a square of 16 set to 0; an image of 255s shows all of it. */
static void cifar100_is_augmented_as_published(void **state)
{
    (void)state;
    enum { SIDE = 32, PLANE = SIDE * SIDE, ALL = 3 * PLANE };
    static const double mean[] = {0.5071, 0.4867, 0.4408}, std[] = {0.2675, 0.2565, 0.2761};
    static uint8_t white[ALL];
    float x_mean[ALL], x_std[ALL];
    const af_task *task = af_find_task("cifar100");
    for (int i = 0; i < ALL; i++) {
        white[i] = 255;
        x_mean[i] = (float)(255 * mean[i / PLANE]);
        x_std[i] = (float)(255 * std[i / PLANE]);
    }
    const af_dataset d = {.n = 1,
                          .input = {3, SIDE, SIDE},
                          .output = {100, 1, 1},
                          .x_type = AF_STORED_UINT8,
                          .x = white,
                          .y = (const int32_t[]){7},
                          .scaling = {[AF_CLEAN] = {.x_mean = x_mean, .x_std = x_std}}};
    for (af_size size = AF_SMALL; size <= AF_FULL; size++) {
        const af_augment *a = &task->recipe[size].augment;
        const af_training t = {.task = task, .data = &d, .recipe = task->recipe[size]};
        int flipped = 0, farthest = 0;
        af_batch b;
        assert_ok(af_batch_new(&b, &d, 1));
        for (int epoch = 0; epoch < 400; epoch++) {
            const af_source source = af_epoch_source(&t, epoch);
            const af_augment_draw draw = af_augment_at(a, d.input, 0, 0, (uint32_t)epoch, 0);
            af_batch_load(&b, &source, (const int64_t[]){0}, 1);
            for (int i = 0; i < ALL; i++) {
                const int c = i / PLANE, row = i / SIDE % SIDE, column = i % SIDE;
                const int y = row + draw.dy, x = (draw.flip ? SIDE - 1 - column : column) + draw.dx;
                const bool inside = y >= 0 && y < SIDE && x >= 0 && x < SIDE;
                const bool cut = row >= draw.top && row < draw.bottom && column >= draw.left &&
                                 column < draw.right;
                const double want = cut ? 0 : ((inside ? 1 : 0) - mean[c]) / std[c];
                assert_true(fabs(b.x[i] - want) < 1e-6);
            }
            assert_in_range(draw.bottom - draw.top, 8, 16);
            assert_in_range(draw.right - draw.left, 8, 16);
            flipped += draw.flip;
            if (abs(draw.dy) > farthest) farthest = abs(draw.dy);
        }
        assert_int_equal(farthest, 4);
        assert_in_range(flipped, 150, 250);
        af_batch_close(&b);
    }
}

/* ---- training ---- */

static af_dataset *open_cifar(void)
{
    af_dataset *d;
    char path[AF_PATH_MAX];
    const af_task *task = af_find_task("cifar100");
    assert_ok(af_dataset_path(path, work_dir, task->name, AF_MAIN));
    if (!af_file_exists(path)) {
        af_prep_request r = {.task = task, .size = AF_TINY, .directory = work_dir};
        assert_ok(af_find_prep(task->name)->generate(&r));
    }
    assert_ok(af_dataset_open(&d, work_dir, task, AF_MAIN));
    return d;
}

static af_graph *make_graph(const af_dataset *d)
{
    af_graph *g;
    const af_space *space = af_find_space("wrn");
    af_config c = af_space_default(space);
    af_io io = af_dataset_io(d);
    assert_ok(af_space_build(space, &c, &io, &g));
    return g;
}

static af_training training(const af_dataset *d, const af_graph *g)
{
    const af_task *task = af_find_task("cifar100");
    return (af_training){.task = task,
                         .metric = af_find_metric(task->metric),
                         .data = d,
                         .graph = g,
                         .backend = af_default_backend(),
                         .recipe = task->recipe[AF_TINY],
                         .epochs = 1,
                         .threads = 1,
                         .validate = true};
}

/* Weights after an epoch: the same with two threads, others with every other augmentation. */
static void training_uses_it(void **state)
{
    (void)state;
    static const af_augment kinds[] = {
        {0},
        {.pad = 1},
        {.flip = true},
        {.cutout = 8},
        {.masks = 1, .mask_share = 1, .mask_rows = .5, .mask_columns = .5}};
    char digests[LENGTH(kinds)][AF_SHA256_HEX];
    af_dataset *d = open_cifar();
    af_graph *g = make_graph(d);
    for (size_t k = 0; k < LENGTH(kinds); k++)
        for (int threads = 1; threads <= 2; threads++) {
            af_training t = training(d, g);
            af_trained out;
            t.recipe.augment = kinds[k];
            t.threads = threads;
            assert_ok(af_train(&out, &t));
            if (threads == 2) assert_string_equal(out.outcome.digest, digests[k]);
            memcpy(digests[k], out.outcome.digest, AF_SHA256_HEX);
            af_trained_close(&out);
            for (size_t other = 0; other < k; other++)
                assert_string_not_equal(digests[k], digests[other]);
        }
    af_graph_free(g);
    af_dataset_close(d);
}

/* A checkpoint of a training with another augmentation is not taken up. */
static void digest_covers_it(void **state)
{
    (void)state;
    static const af_augment kinds[] = {{0},
                                       {.pad = 1},
                                       {.pad = 2},
                                       {.flip = true},
                                       {.cutout = 1},
                                       {.masks = 1, .mask_share = 1, .mask_rows = .5},
                                       {.masks = 1},
                                       {.masks = 1, .in_paper = true},
                                       {.mix_share = .5},
                                       {.mix_share = .5, .mix_most = .5},
                                       {.level_most = 1},
                                       {.level_least = -1, .level_most = 1}};
    char digests[LENGTH(kinds)][AF_SHA256_HEX];
    af_dataset *d = open_cifar();
    af_graph *g = make_graph(d);
    for (size_t k = 0; k < LENGTH(kinds); k++) {
        af_training t = training(d, g);
        t.recipe.augment = kinds[k];
        assert_ok(af_training_digest(digests[k], &t));
        for (size_t other = 0; other < k; other++)
            assert_string_not_equal(digests[k], digests[other]);
    }
    af_graph_free(g);
    af_dataset_close(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(moves),
        cmocka_unit_test(cuts),
        cmocka_unit_test(draws_are_uniform),
        cmocka_unit_test(positions_decide),
        cmocka_unit_test(one_dimension),
        cmocka_unit_test(prints),
        cmocka_unit_test(masks_fill_bands),
        cmocka_unit_test(masks_are_drawn_as_published),
        cmocka_unit_test(masks_have_their_own_stream),
        cmocka_unit_test(batches),
        cmocka_unit_test(batches_are_masked),
        cmocka_unit_test(cifar100_is_augmented_as_published),
        cmocka_unit_test(training_uses_it),
        cmocka_unit_test(digest_covers_it),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
