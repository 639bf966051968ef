/* core/base in memory: messages, allocation, random numbers, SHA-256. Known answers where there are
 * any; the statistical tests are fixed by their seeds and sit far from their limits. */
#include "tests/aid/work.h"
#include <math.h>
#include "core/base/alloc.h"
#include "core/base/philox.h"
#include "core/base/sha256.h"

/* ---- status -------------------------------------------------------------------------------------
 */

static void status_message(void **state) {
    (void)state;
    assert_int_equal(af_fail(AF_EFORMAT, "stride %d, want >= 1", -3), AF_EFORMAT);
    assert_string_equal(af_error(), "stride -3, want >= 1");
    assert_int_equal(af_prefix(AF_EFORMAT, "node %d", 7), AF_EFORMAT);
    assert_string_equal(af_error(), "node 7: stride -3, want >= 1");
    af_fail(AF_EIO, "again: %s", af_error());
    assert_string_equal(af_error(), "again: node 7: stride -3, want >= 1");
    for (int i = 0; i < 100; i++) af_prefix(AF_EIO, "%0100d", i);
    assert_int_equal(strlen(af_error()), 4095);
    assert_string_equal(af_status_name(AF_EBUDGET), "budget spent");
    assert_int_equal(af_exit_code(AF_OK), 0);
    assert_int_equal(af_exit_code(AF_EUSAGE), 2);
    assert_int_equal(af_exit_code(AF_EINTERNAL), 1);
    assert_int_equal(af_exit_code(AF_EINTERRUPTED), 3);
}

/* ---- allocation ---------------------------------------------------------------------------------
 */

static void alloc_aligns_and_keeps(void **state) {
    (void)state;
    unsigned char *p = NULL;
    for (size_t size = 1; size < 5000; size = size * 3 + 1) {
        size_t before = size / 3;
        p = af_realloc(p, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 64, 0);
        for (size_t i = 0; i < before; i++) assert_int_equal(p[i], i % 251);
        for (size_t i = 0; i < size; i++) p[i] = (unsigned char)(i % 251);
    }
    p = af_realloc(p, 2);
    assert_int_equal(p[1], 1);
    af_free(p);
    void *empty = af_alloc(0), *other = af_alloc(0);
    assert_non_null(empty);
    assert_ptr_not_equal(empty, other);
    af_free(empty);
    af_free(other);
    const unsigned char *zero = af_calloc(100, 7);
    for (int i = 0; i < 700; i++) assert_int_equal(zero[i], 0);
    af_free((void *)(uintptr_t)zero);
    assert_null(af_calloc(SIZE_MAX / 2, 3));
    assert_null(af_alloc(SIZE_MAX));
    assert_says("out of memory");
}

static void alloc_fails_on_demand(void **state) {
    (void)state;
    unsigned long before = af_alloc_count();
    char *kept = af_strdup("kept");
    af_alloc_fail_at(2);
    char *first = af_alloc(8);
    assert_non_null(first);
    assert_null(af_realloc(kept, 100));
    assert_string_equal(kept, "kept"); /* a failed realloc leaves the old block */
    char *third = af_alloc(8);
    assert_non_null(third);
    assert_int_equal(af_alloc_count() - before, 4);
    af_free(kept);
    af_free(first);
    af_free(third);
}

static void arena_serves(void **state) {
    (void)state;
    void *dirt[16]; /* so that the arena's memory does not happen to be zero */
    for (size_t i = 0; i < LENGTH(dirt); i++) memset(dirt[i] = af_alloc(70000), 0xa5, 70000);
    for (size_t i = 0; i < LENGTH(dirt); i++) af_free(dirt[i]);
    af_arena *a = af_arena_new();
    char *small[2000], *previous = NULL;
    for (size_t i = 0; i < LENGTH(small); i++) {
        size_t size = i * 37 % 200;
        small[i] = af_arena_alloc(a, i % 500 == 499 ? 100000 : size);
        assert_non_null(small[i]);
        assert_int_equal((uintptr_t)small[i] % 16, 0);
        assert_ptr_not_equal(small[i], previous);
        for (size_t k = 0; k < size; k++) assert_int_equal(small[i][k], 0);
        memset(small[i], (int)(i % 127), size);
        previous = small[i];
    }
    for (size_t i = 0; i < LENGTH(small); i++)
        for (size_t k = 0; k < i * 37 % 200; k++) assert_int_equal(small[i][k], i % 127);
    assert_string_equal(af_arena_printf(a, "%d-%s", 42, "x"), "42-x");
    assert_string_equal(af_arena_strdup(a, "copy"), "copy");
    assert_null(af_arena_alloc(a, SIZE_MAX));
    af_arena_free(a);
    af_arena_free(NULL);
}

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
static void arena_poisons(void **state) {
    (void)state;
    af_arena *a = af_arena_new();
    char *p = af_arena_alloc(a, 24), *q = af_arena_alloc(a, 8);
    assert_false(__asan_address_is_poisoned(p + 23));
    assert_true(__asan_address_is_poisoned(p + 24));
    assert_true(__asan_address_is_poisoned(q - 1));
    assert_true(__asan_address_is_poisoned(q + 8));
    af_arena_free(a);
}
#endif

/* ---- random numbers -----------------------------------------------------------------------------
 */

/* From Random123's table of known answers. */
static void philox_known_answers(void **state) {
    (void)state;
    static const struct {
        uint32_t counter[4], key[2], want[4];
    } cases[] = {
        {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
         {0xffffffff, 0xffffffff},
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
         {0xa4093822, 0x299f31d0},
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        uint32_t out[4];
        af_philox4x32(cases[i].counter, cases[i].key, out);
        assert_memory_equal(out, cases[i].want, sizeof out);
    }
}

/* Computed by an independent program; results of old runs depend on it staying so. */
static void stream_known_answer(void **state) {
    (void)state;
    static const uint32_t want[8] = {0xee307ec4, 0xcef2c5b4, 0x89ef1a5c, 0x9936def4,
                                     0xa46cea6b, 0x04fd5d1c, 0xf8cde381, 0x56cb9179};
    af_rng r = af_rng_at(1, "init", 2, 3, 4, 5);
    for (int i = 0; i < 8; i++) assert_int_equal(af_rng_u32(&r), want[i]);
}

static void streams_differ(void **state) {
    (void)state;
    const af_rng rngs[] = {
        af_rng_at(0, "a", 0, 0, 0, 0), af_rng_at(1, "a", 0, 0, 0, 0), af_rng_at(0, "b", 0, 0, 0, 0),
        af_rng_at(0, "a", 1, 0, 0, 0), af_rng_at(0, "a", 0, 1, 0, 0), af_rng_at(0, "a", 0, 0, 1, 0),
        af_rng_at(0, "a", 0, 0, 0, 1), af_rng_at(0, "", 0, 0, 0, 0),
    };
    uint64_t first[LENGTH(rngs)];
    for (size_t i = 0; i < LENGTH(rngs); i++) {
        af_rng r = rngs[i];
        first[i] = af_rng_u64(&r);
        for (size_t k = 0; k < i; k++) assert_true(first[i] != first[k]);
    }
}

/* Chi-square over 96 bins: 95 degrees of freedom, 1 in 10^6 beyond 171. */
static void below_is_uniform(void **state) {
    (void)state;
    enum { BINS = 96, DRAWS = 96000 };
    static const uint64_t widths[] = {1, 3, 1000003, UINT64_MAX / 128};
    for (size_t w = 0; w < LENGTH(widths); w++) {
        int count[BINS] = {0};
        double chi2 = 0, mean = DRAWS / BINS;
        af_rng r = af_rng_at(7, "uniform", w, 0, 0, 0);
        for (int i = 0; i < DRAWS; i++) {
            uint64_t x = af_rng_below(&r, BINS * widths[w]);
            assert_true(x < BINS * widths[w]);
            count[x / widths[w]]++;
        }
        for (int i = 0; i < BINS; i++) chi2 += (count[i] - mean) * (count[i] - mean) / mean;
        assert_true(chi2 > 40 && chi2 < 171);
    }
}

/* For n = 3 * 2^62, mapping 64 bits to [0, n) without rejection gives every third value twice as
 * often (the high half of a product) or the lower third of the range (the remainder). */
static void below_is_unbiased(void **state) {
    (void)state;
    enum { DRAWS = 30000 };
    const uint64_t third = UINT64_C(1) << 62;
    int residue[3] = {0}, part[3] = {0};
    af_rng r = af_rng_at(7, "unbiased", 0, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        uint64_t x = af_rng_below(&r, 3 * third);
        residue[x % 3]++;
        part[x / third]++;
    }
    for (int k = 0; k < 3; k++) { /* 82 is one standard deviation */
        assert_in_range(residue[k], 9600, 10400);
        assert_in_range(part[k], 9600, 10400);
    }
}

static void unit_and_normal_moments(void **state) {
    (void)state;
    enum { DRAWS = 200000 };
    double unit[2] = {0}, normal[4] = {0};
    af_rng r = af_rng_at(3, "moments", 0, 0, 0, 0);
    for (int i = 0; i < DRAWS; i++) {
        double u = af_rng_unit(&r), z = af_rng_normal(&r);
        assert_true(u >= 0 && u < 1 && isfinite(z));
        unit[0] += u;
        unit[1] += (u - 0.5) * (u - 0.5);
        for (int k = 0; k < 4; k++) normal[k] += pow(z, k + 1);
    }
    /* five standard errors each */
    double tolerance = 5 / sqrt(DRAWS);
    static const double want[4] = {0, 1, 0, 3}, sd[4] = {1, 1.415, 3.873, 9.798};
    assert_true(fabs(unit[0] / DRAWS - 0.5) < tolerance * 0.289);
    assert_true(fabs(unit[1] / DRAWS - 1.0 / 12) < tolerance * 0.0745);
    for (int k = 0; k < 4; k++) assert_true(fabs(normal[k] / DRAWS - want[k]) < tolerance * sd[k]);
}

/* A call takes four words wherever it starts within a block. */
static void normal_takes_four_words(void **state) {
    (void)state;
    for (int skip = 0; skip < 4; skip++) {
        af_rng a = af_rng_at(1, "words", 0, 0, 0, 0), b = a;
        for (int i = 0; i < skip; i++) {
            af_rng_u32(&a);
            af_rng_u32(&b);
        }
        af_rng_normal(&a);
        for (int i = 0; i < 4; i++) af_rng_u32(&b);
        assert_int_equal(af_rng_u32(&a), af_rng_u32(&b));
    }
}

static void shuffle_is_fair(void **state) {
    (void)state;
    enum { ROUNDS = 24000 };
    int seen[24] = {0};
    for (int i = 0; i < ROUNDS; i++) {
        int64_t a[4] = {0, 1, 2, 3};
        af_rng r = af_rng_at(5, "shuffle", 0, (uint32_t)i, 0, 0);
        af_rng_shuffle(&r, a, 4);
        assert_int_equal(1 << a[0] | 1 << a[1] | 1 << a[2] | 1 << a[3], 15);
        int64_t rank = 0;
        for (int k = 0; k < 4; k++) {
            int64_t smaller = 0;
            for (int later = k + 1; later < 4; later++) smaller += a[later] < a[k];
            rank = rank * (4 - k) + smaller;
        }
        seen[rank]++;
    }
    double chi2 = 0; /* 23 degrees of freedom, 1 in 10^6 beyond 71 */
    for (int i = 0; i < 24; i++) chi2 += (seen[i] - 1000) * (seen[i] - 1000) / 1000.0;
    assert_true(chi2 < 71);
}

/* ---- SHA-256 ------------------------------------------------------------------------------------
 */

static void sha256_known_answers(void **state) {
    (void)state;
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    static const char million[] =
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0";
    char hex[AF_SHA256_HEX], *a = af_alloc(1000000);
    af_sha256_of("abc", 3, hex);
    assert_string_equal(hex, abc);
    af_sha256_of("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");

    af_sha256 *h = af_sha256_new();
    af_sha256_addf(h, "%c%s", 'a', "b");
    af_sha256_add(h, "c", 1);
    af_sha256_end(h, hex);
    assert_string_equal(hex, abc);

    memset(a, 'a', 1000000);
    af_sha256_of(a, 1000000, hex);
    assert_string_equal(hex, million);
    a[5000] = '\0';
    h = af_sha256_new();
    for (int i = 0; i < 200; i++) af_sha256_addf(h, "%s", a); /* longer than its own buffer */
    af_sha256_end(h, hex);
    assert_string_equal(hex, million);
    af_free(a);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_message),          cmocka_unit_test(alloc_aligns_and_keeps),
        cmocka_unit_test(alloc_fails_on_demand),   cmocka_unit_test(arena_serves),
#ifdef __SANITIZE_ADDRESS__
        cmocka_unit_test(arena_poisons),
#endif
        cmocka_unit_test(philox_known_answers),    cmocka_unit_test(stream_known_answer),
        cmocka_unit_test(streams_differ),          cmocka_unit_test(below_is_uniform),
        cmocka_unit_test(below_is_unbiased),       cmocka_unit_test(unit_and_normal_moments),
        cmocka_unit_test(normal_takes_four_words), cmocka_unit_test(shuffle_is_fair),
        cmocka_unit_test(sha256_known_answers),
    };
    return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
