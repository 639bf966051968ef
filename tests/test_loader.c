/* The loader: its batches are those that are loaded one by one, in order, however fast they are
 * taken and wherever it is stopped; and a training, with its loader, allocates nothing and touches
 * no file from one epoch's end to the next. */
#include "core/train/loader.h"
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/registry.h"
#include "tests/aid/toy.h"
#include "tests/aid/work.h"

enum { BATCH = 5, COUNT = 203 };

static void pause_for(int microseconds)
{
    const struct timespec t = {.tv_nsec = 1000L * microseconds};
    if (microseconds) nanosleep(&t, NULL);
}

static af_dataset *open_toy(af_stored type)
{
    static toy t;
    af_dataset *d;
    toy_fill(&t, &toy_labels);
    toy_store_as(&t, type);
    assert_ok(af_dataset_write(work_dir, &t.content));
    assert_ok(af_dataset_open(&d, work_dir, &toy_labels, AF_MAIN));
    return d;
}

static af_source source_of(const af_dataset *d, int epoch)
{
    return (af_source){.data = d,
                       .scaling = &d->scaling[AF_CLEAN],
                       .augment = {.pad = 2,
                                   .flip = true,
                                   .cutout = 2,
                                   .mix_share = 0.6,
                                   .mix_most = 0.5,
                                   .level_least = -1,
                                   .level_most = 2},
                       .epoch = (uint32_t)epoch};
}

static void fill_order(int64_t which[COUNT], int epoch)
{
    for (int k = 0; k < COUNT; k++) which[k] = (7 * k + 3 * epoch + k / 12) % TOY_N;
}

static void assert_same_batch(const af_batch *got, const af_batch *want)
{
    assert_int_equal(got->n, want->n);
    assert_memory_equal(got->x, want->x, (size_t)want->n * TOY_X * sizeof *want->x);
    assert_memory_equal(got->y, want->y, (size_t)want->n * sizeof(int32_t));
}

/* ---- batches ---- */

/* Takes `batches` of an epoch, resting with each in hand: meanwhile the next is loaded, and this
 * one must stay as it is. */
static void take(af_loader *l, const af_dataset *d, int epoch, int batches, int rest)
{
    int64_t which[COUNT];
    af_batch want;
    const af_source source = source_of(d, epoch);
    fill_order(which, epoch);
    assert_ok(af_batch_new(&want, d, BATCH));
    af_loader_start(l, &source, which, COUNT);
    for (int k = 0; k < batches; k++) {
        const int at = k * BATCH, n = COUNT - at < BATCH ? COUNT - at : BATCH;
        const af_batch *got = af_loader_next(l);
        pause_for(rest);
        af_batch_load(&want, &source, which + at, n);
        assert_same_batch(got, &want);
    }
    af_loader_start(l, &source, which, 0); /* `which` ends with this function */
    af_batch_close(&want);
}

static void batches_are_the_same(void **state)
{
    (void)state;
    static const int rests[] = {0, 1, 50, 500};
    for (af_stored type = 0; type < AF_STORED_TYPES; type++) {
        af_loader *l;
        af_dataset *d = open_toy(type);
        assert_ok(af_loader_new(&l, d, BATCH, COUNT, NULL));
        for (size_t r = 0; r < LENGTH(rests); r++)
            for (int epoch = 0; epoch < (r ? 3 : 200); epoch++)
                take(l, d, epoch, (COUNT + BATCH - 1) / BATCH, rests[r]);
        af_loader_free(l);
        af_dataset_close(d);
    }
}

/* A start in the middle of an epoch begins anew; a loader may be closed at any time. */
static void stops_anywhere(void **state)
{
    (void)state;
    int64_t which[COUNT];
    af_dataset *d = open_toy(AF_STORED_UINT8);
    fill_order(which, 0);
    for (int k = 0; k < 300; k++) {
        af_loader *l;
        const af_source source = source_of(d, k);
        assert_ok(af_loader_new(&l, d, BATCH, COUNT, NULL));
        if (k % 3) take(l, d, k, k % 41, k % 7 ? 0 : 20);
        if (k % 5) take(l, d, k + 1, k % 4, 0);
        if (k % 2) af_loader_start(l, &source, which, COUNT); /* closed with batches under way */
        if (k % 4 == 3) pause_for(k % 50);
        af_loader_free(l);
    }
    af_loader_free(NULL);
    af_dataset_close(d);
}

/* All threads on one core, where the loader's runs only when this one waits. */
static void one_core_is_enough(void **state)
{
    (void)state;
    cpu_set_t all, one;
    af_loader *l;
    af_dataset *d = open_toy(AF_STORED_INT16);
    assert_int_equal(sched_getaffinity(0, sizeof all, &all), 0);
    int core = 0;
    while (!CPU_ISSET(core, &all)) core++;
    CPU_ZERO(&one);
    CPU_SET(core, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_ok(af_loader_new(&l, d, BATCH, COUNT, NULL)); /* its thread inherits the core */
    for (int epoch = 0; epoch < 50; epoch++)
        take(l, d, epoch, (COUNT + BATCH - 1) / BATCH, epoch % 10 ? 0 : 100);
    af_loader_free(l);
    assert_int_equal(sched_setaffinity(0, sizeof all, &all), 0);
    af_dataset_close(d);
}

static void one_batch_needs_no_second(void **state)
{
    (void)state;
    int64_t which[COUNT];
    af_loader *l;
    af_dataset *d = open_toy(AF_STORED_FLOAT32);
    const af_source source = source_of(d, 1);
    af_batch want;
    fill_order(which, 1);
    assert_ok(af_batch_new(&want, d, BATCH));
    for (int n = 1; n <= BATCH; n++) {
        assert_ok(af_loader_new(&l, d, BATCH, n, NULL));
        for (int again = 0; again < 3; again++) {
            af_loader_start(l, &source, which, n);
            af_batch_load(&want, &source, which, n);
            assert_same_batch(af_loader_next(l), &want);
        }
        af_loader_free(l);
    }
    af_batch_close(&want);
    af_dataset_close(d);
}

/* Who makes a batch while it is due waits for it; who takes one that is ready does not. */
static void waiting_is_measured(void **state)
{
    (void)state;
    int64_t which[COUNT];
    af_loader *l;
    af_dataset *d = open_toy(AF_STORED_INT16);
    const af_source source = source_of(d, 1);
    fill_order(which, 1);
    assert_ok(af_loader_new(&l, d, COUNT, COUNT, NULL)); /* no thread */
    af_loader_start(l, &source, which, COUNT);
    af_loading m = af_loader_measured(l);
    assert_true(m.waited == 0 && m.busy == 0 && m.batches == 0);
    af_loader_next(l);
    m = af_loader_measured(l);
    assert_true(m.waited > 0 && m.busy > 0 && m.batches == 1);
    af_loader_free(l);

    assert_ok(af_loader_new(&l, d, BATCH, COUNT, NULL));
    af_loader_start(l, &source, which, 2 * BATCH);
    while (af_loader_measured(l).batches < 2) pause_for(100);
    const double before = af_loader_measured(l).waited;
    for (int k = 0; k < 2; k++) af_loader_next(l);
    m = af_loader_measured(l);
    assert_true(m.waited == before && m.batches == 2);
    take(l, d, 2, (COUNT + BATCH - 1) / BATCH, 0);
    assert_int_equal(af_loader_measured(l).batches, 2 + (COUNT + BATCH - 1) / BATCH);
    af_loader_free(l);
    af_dataset_close(d);
}

static void short_memory_is_reported(void **state)
{
    (void)state;
    af_loader *l;
    af_dataset *d = open_toy(AF_STORED_UINT8);
    af_status st = AF_ENOMEM;
    for (unsigned long k = 1; st == AF_ENOMEM; k++) {
        af_alloc_fail_at(k);
        st = af_loader_new(&l, d, BATCH, COUNT, NULL);
        af_alloc_fail_at(0);
        if (st == AF_ENOMEM) assert_null(l);
        assert_true(k < 20);
    }
    assert_ok(st);
    af_loader_free(l);
    af_dataset_close(d);
}

/* ---- whole trainings ---- */

typedef struct scene {
    af_dataset *data;
    af_graph *graph;
    af_training t;
} scene;

static void open_scene(scene *s, const char *name, int epochs)
{
    char path[AF_PATH_MAX];
    const af_task *task = af_find_task(name);
    const af_space *space = af_find_space("linear");
    af_config c = af_space_default(space);
    assert_ok(af_dataset_path(path, work_dir, name, AF_MAIN));
    if (!af_file_exists(path)) {
        af_prep_request r = {.task = task, .size = AF_TINY, .directory = work_dir};
        assert_ok(af_find_prep(name)->generate(&r));
    }
    assert_ok(af_dataset_open(&s->data, work_dir, task, AF_MAIN));
    af_io io = af_dataset_io(s->data);
    assert_ok(af_space_build(space, &c, &io, &s->graph));
    s->t = (af_training){.task = task,
                         .metric = af_find_metric(task->metric),
                         .data = s->data,
                         .graph = s->graph,
                         .backend = af_default_backend(),
                         .recipe = task->recipe[AF_TINY],
                         .epochs = epochs,
                         .threads = 2};
}

static void close_scene(scene *s)
{
    af_graph_free(s->graph);
    af_dataset_close(s->data);
}

/* Between the ends of the first and the last epoch. */
typedef struct watch {
    int last, io; /* /proc/self/io */
    unsigned long allocations, reads;
    unsigned long new_allocations, new_reads; /* since the first */
    struct rlimit files;
} watch;

static unsigned long read_calls(int io)
{
    char text[512] = "";
    if (io < 0) return 0;
    assert_true(pread(io, text, sizeof text - 1, 0) > 0);
    const char *at = strstr(text, "syscr: ");
    assert_non_null(at);
    return strtoul(at + strlen("syscr: "), NULL, 10);
}

/* From the first epoch's end on no file can be opened; calls that read are counted by the system,
 * one of this function's own among them. */
static af_status look(void *payload, int epoch, double loss, double error)
{
    watch *w = payload;
    (void)loss, (void)error;
    if (epoch == 0) {
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &w->files), 0);
        const struct rlimit none = {0, w->files.rlim_max};
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
        assert_true(open("/dev/null", O_RDONLY) < 0);
        w->allocations = af_alloc_count();
        w->reads = read_calls(w->io);
    } else if (epoch == w->last) {
        w->new_reads = read_calls(w->io) - w->reads;
        w->new_allocations = af_alloc_count() - w->allocations;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &w->files), 0);
    }
    return AF_OK;
}

/* Every task: labels and fields, all stored types, with augmentation and without. */
static void steps_allocate_and_open_nothing(void **state)
{
    (void)state;
    enum { EPOCHS = 4 };
    const int io = open("/proc/self/io", O_RDONLY);
    if (io < 0) print_message("           no /proc/self/io: calls that read are not counted\n");
    for (size_t k = 0; af_builtin.task[k]; k++) {
        scene s;
        af_trained watched, plain;
        watch w = {.last = EPOCHS - 1, .io = io};
        open_scene(&s, af_builtin.task[k]->name, EPOCHS);
        assert_ok(af_train(&plain, &s.t));
        s.t.on_epoch = look;
        s.t.payload = &w;
        assert_ok(af_train(&watched, &s.t));
        assert_int_equal(w.new_allocations, 0);
        if (io >= 0) assert_int_equal(w.new_reads, 1); /* the one that looked */
        assert_string_equal(watched.outcome.digest, plain.outcome.digest);
        assert_true(plain.loading > 0 && plain.waited >= 0 && plain.waited < plain.step_seconds);
        af_trained_close(&watched);
        af_trained_close(&plain);
        close_scene(&s);
    }
    close(io);
}

static af_status stop_at_once(void *payload, int epoch, double loss, double error)
{
    (void)payload, (void)epoch, (void)loss, (void)error;
    return af_fail(AF_EINTERRUPTED, "stopped by the test");
}

static int threads_now(void)
{
    char line[256];
    int count = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f)) sscanf(line, "Threads: %d", &count);
    if (f) fclose(f);
    return count;
}

/* However a training ends, its threads end with it. */
static void no_thread_is_left(void **state)
{
    (void)state;
    scene s;
    af_trained out;
    open_scene(&s, "cifar100", 2);
    assert_ok(af_train(&out, &s.t)); /* lets libraries start what they keep */
    af_trained_close(&out);
    const int before = threads_now();
    assert_true(before >= 1);
    s.t.on_epoch = stop_at_once;
    assert_int_equal(af_train(&out, &s.t), AF_EINTERRUPTED);
    assert_int_equal(threads_now(), before);
    s.t.on_epoch = NULL;
    s.t.recipe.lr = 1e30; /* diverges */
    if (af_train(&out, &s.t) == AF_OK) af_trained_close(&out);
    assert_int_equal(threads_now(), before);
    close_scene(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(batches_are_the_same),
        cmocka_unit_test(stops_anywhere),
        cmocka_unit_test(one_core_is_enough),
        cmocka_unit_test(one_batch_needs_no_second),
        cmocka_unit_test(waiting_is_measured),
        cmocka_unit_test(short_memory_is_reported),
        cmocka_unit_test(steps_allocate_and_open_nothing),
        cmocka_unit_test(no_thread_is_left),
    };
    return cmocka_run_group_tests(tests, work_make, work_remove);
}
