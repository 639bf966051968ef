/* The option table: every kind, its bounds, the command line, what errors and help say. */
#include "tests/aid/work.h"
#include <inttypes.h>
#include <stdlib.h>
#include "core/base/options.h"

typedef struct opts {
    int population;
    uint64_t seed;
    double rate;
    bool resume;
    const char *out;
    int size;
    double free;
} opts;

static const char *const sizes[] = {"tiny", "small", "full", NULL};
static const af_option table[] = {
    {"population", AF_OPT_INT, offsetof(opts, population), "10", 1, 1000, "members kept", NULL,
     NULL},
    {"seed", AF_OPT_U64, offsetof(opts, seed), "0", 0, 0, "names every random stream", NULL, NULL},
    {"mutation_rate", AF_OPT_REAL, offsetof(opts, rate), "0.1", 0, 1, "of one edge", NULL, NULL},
    {"resume", AF_OPT_FLAG, offsetof(opts, resume), "false", 0, 0, "go on", NULL, NULL},
    {"out", AF_OPT_TEXT, offsetof(opts, out), NULL, 0, 0, "where results go", NULL, "DIR"},
    {"size", AF_OPT_CHOICE, offsetof(opts, size), "small", 0, 0,
     "sizes of the task and of its networks; the larger ones take long on a machine without an "
     "accelerator",
     sizes, NULL},
    {"free", AF_OPT_REAL, offsetof(opts, free), "-2.5", 0, 0, "without bounds", NULL, NULL},
    {0},
};

static opts defaults(void)
{
    opts o;
    memset(&o, 0xAA, sizeof o); /* so that a default left out shows */
    af_options_default(table, &o);
    return o;
}

static void options_have_defaults(void **state)
{
    (void)state;
    opts o = defaults();
    assert_int_equal(o.population, 10);
    assert_true(o.seed == 0 && o.rate == 0.1 && o.free == -2.5);
    assert_false(o.resume);
    assert_null(o.out);
    assert_int_equal(o.size, 1);
}

static void options_are_found_by_part_of_a_text(void **state)
{
    (void)state;
    assert_ptr_equal(af_options_find(table, "seed=5", 4), &table[1]);
    assert_null(af_options_find(table, "seed=5", 5));
    assert_null(af_options_find(table, "see", 3));
    assert_null(af_options_find(table, "", 0));
}

static void options_are_set(void **state)
{
    (void)state;
    opts o = defaults();
    assert_ok(af_options_set(table, &o, "population", "1"));
    assert_ok(af_options_set(table, &o, "seed", "18446744073709551615"));
    assert_ok(af_options_set(table, &o, "mutation_rate", "2.5e-1"));
    assert_ok(af_options_set(table, &o, "resume", "true"));
    assert_ok(af_options_set(table, &o, "out", "somewhere"));
    assert_ok(af_options_set(table, &o, "size", "full"));
    assert_ok(af_options_set(table, &o, "free", "-1e300"));
    assert_int_equal(o.population, 1);
    assert_true(o.seed == UINT64_MAX && o.rate == 0.25 && o.free == -1e300);
    assert_true(o.resume);
    assert_string_equal(o.out, "somewhere");
    assert_int_equal(o.size, 2);
    assert_ok(af_options_set(table, &o, "resume", "false"));
    assert_false(o.resume);
}

/* Refused values leave everything as it was. */
static void options_refuse_values(void **state)
{
    (void)state;
    static const struct {
        const char *name, *value, *says;
    } cases[] = {
        {"population", "0", "population: '0' is not a whole number from 1 to 1000"},
        {"population", "1001", "1 to 1000"},
        {"population", "3.5", "whole number"},
        {"population", "99999999999999999999", "'99999999999999999999'"},
        {"population", "4294967297", "whole number"},
        {"population", "", "''"},
        {"population", " 3", "' 3'"},
        {"population", "3 ", "'3 '"},
        {"population", "0x10", "'0x10'"},
        {"seed", "-1", "not negative"},
        {"seed", "18446744073709551616", "whole number"},
        {"seed", "1e3", "'1e3'"},
        {"seed", "+3", "'+3'"},
        {"mutation_rate", "1.0001", "from 0 to 1"},
        {"mutation_rate", "nan", "is not a number from 0 to 1"},
        {"mutation_rate", "0.1x", "'0.1x'"},
        {"free", "inf", "'inf' is not a number"},
        {"free", "1e999", "'1e999'"},
        {"resume", "yes", "resume: 'yes' is neither true nor false"},
        {"size", "huge", "size: 'huge' is unknown, want tiny, small or full"},
        {"populaton", "3", "unknown option populaton; did you mean population?"},
        {"xyzzy", "3", "--help"},
        {"", "3", "unknown option"},
    };
    opts o = defaults(), before = o;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        assert_int_equal(af_options_set(table, &o, cases[i].name, cases[i].value), AF_EUSAGE);
        assert_says(cases[i].says);
        assert_memory_equal(&o, &before, sizeof o);
    }
}

static void options_refuse_long_texts_briefly(void **state)
{
    (void)state;
    enum { LONG = 1000000 };
    opts o = defaults();
    char *text = malloc(LONG + 1);
    memset(text, '9', LONG);
    text[LONG] = '\0';
    for (size_t i = 0; table[i].name; i++) {
        if (table[i].kind == AF_OPT_TEXT) continue;
        assert_int_equal(af_options_set(table, &o, table[i].name, text), AF_EUSAGE);
        assert_true(strlen(af_error()) < 200);
    }
    assert_int_equal(af_options_set(table, &o, text, "1"), AF_EUSAGE);
    assert_true(strlen(af_error()) < 200);
    free(text);
}

static void options_parse_a_command_line(void **state)
{
    (void)state;
    char *argv[] = {
        (char[]){"ecg"},      (char[]){"--population=20"}, (char[]){"--seed"}, (char[]){"7"},
        (char[]){"--resume"}, (char[]){"--free"},          (char[]){"-3"},     (char[]){"-"},
        (char[]){"--out="},   (char[]){"--size=tiny"},     (char[]){"--size"}, (char[]){"full"},
        (char[]){"--"},       (char[]){"--not-an-option"}, (char[]){"-x"}};
    const char *words[8];
    int count;
    opts o = defaults();
    assert_ok(af_options_parse(table, &o, LENGTH(argv), argv, words, 8, &count));
    assert_int_equal(o.population, 20);
    assert_true(o.seed == 7 && o.free == -3);
    assert_true(o.resume);
    assert_string_equal(o.out, "");
    assert_int_equal(o.size, 2); /* the last one counts */
    assert_int_equal(count, 4);
    assert_string_equal(words[0], "ecg");
    assert_string_equal(words[1], "-");
    assert_string_equal(words[2], "--not-an-option");
    assert_string_equal(words[3], "-x");
}

static void options_refuse_command_lines(void **state)
{
    (void)state;
    static const struct {
        char first[40], second[40];
        const char *says;
    } cases[] = {
        {"--seed", "", "--seed needs a value: --seed N"},
        {"--out", "--resume", "--out needs a value but --resume follows; write --out=DIR"},
        {"--sed", "3", "unknown option --sed; did you mean --seed?"},
        {"--mutation-rate=0.5", "", "did you mean --mutation_rate?"},
        {"--popu", "5", "did you mean --population?"},
        {"--population=0", "", "--population: '0'"},
        {"--population=", "", "--population: ''"},
        {"--resume=maybe", "", "--resume: 'maybe'"},
        {"-v", "", "unknown option -v; options begin with two dashes"},
        {"--=3", "", "unknown option --"},
        {"one", "two", "'two' is one argument too many, want at most 1"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        char first[40], second[40];
        char *argv[] = {strcpy(first, cases[i].first), strcpy(second, cases[i].second)};
        const char *words[1];
        int count;
        opts o = defaults();
        int argc = *second ? 2 : 1;
        assert_int_equal(af_options_parse(table, &o, argc, argv, words, 1, &count), AF_EUSAGE);
        assert_says(cases[i].says);
    }
}

static void options_print_help(void **state)
{
    (void)state;
    char *text;
    size_t size;
    FILE *f = open_memstream(&text, &size);
    af_options_help(table, f);
    fclose(f);
    assert_string_equal(text,
                        "  --population N              members kept (default 10)\n"
                        "  --seed N                    names every random stream (default 0)\n"
                        "  --mutation_rate X           of one edge (default 0.1)\n"
                        "  --resume                    go on\n"
                        "  --out DIR                   where results go\n"
                        "  --size tiny|small|full      sizes of the task and of its networks; the "
                        "larger ones take long on\n"
                        "                              a machine without an accelerator (default "
                        "small)\n"
                        "  --free X                    without bounds (default -2.5)\n");
    free(text);
}

/* What is recorded sets the same value again. */
static void options_round_trip(void **state)
{
    (void)state;
    static const double rates[] = {0, 1, 0.1, 1.0 / 3, 1e-300, 0x1.fffffffffffffp-2};
    opts o = defaults(), again = defaults();
    o.seed = UINT64_MAX - 1;
    o.resume = true;
    o.size = 2;
    o.out = "here";
    for (size_t i = 0; i < LENGTH(rates); i++) {
        o.rate = rates[i];
        for (const af_option *row = table; row->name; row++) {
            char buf[64];
            const char *text = af_options_text(row, &o, buf);
            assert_ok(af_options_set(table, &again, row->name, text));
        }
        assert_true(again.rate == o.rate && again.seed == o.seed && again.size == o.size);
        assert_true(again.resume && again.population == 10 && again.free == -2.5);
        assert_string_equal(again.out, "here");
    }
    char buf[64];
    assert_string_equal(af_options_text(&table[2], &(opts){.rate = 0.1}, buf), "0.1");
    assert_string_equal(af_options_text(&table[4], &(opts){.out = NULL}, buf), "");
}

static void nearest_name(void **state)
{
    (void)state;
    static const char *const names[] = {"cifar100", "darcy", "ecg", "regularized_evolution", NULL};
    assert_string_equal(af_nearest("darcey", names), "darcy");
    assert_string_equal(af_nearest("ECG", names), "ecg");
    assert_string_equal(af_nearest("cifar10", names), "cifar100");
    assert_string_equal(af_nearest("regularised_evolution", names), "regularized_evolution");
    assert_string_equal(af_nearest("regular", names), "regularized_evolution");
    assert_null(af_nearest("psicov", names));
    assert_null(af_nearest("", names));
    assert_null(af_nearest("z", names));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_have_defaults),
        cmocka_unit_test(options_are_found_by_part_of_a_text),
        cmocka_unit_test(options_are_set),
        cmocka_unit_test(options_refuse_values),
        cmocka_unit_test(options_refuse_long_texts_briefly),
        cmocka_unit_test(options_parse_a_command_line),
        cmocka_unit_test(options_refuse_command_lines),
        cmocka_unit_test(options_print_help),
        cmocka_unit_test(options_round_trip),
        cmocka_unit_test(nearest_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
