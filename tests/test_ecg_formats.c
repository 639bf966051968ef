/* The raw formats of ECG recordings: MAT v4, WFDB headers and label lists, whole and damaged. */
#include "tests/aid/work.h"
#include "core/base/alloc.h"
#include "data-prep/ecg/physionet.h"
#include "data-prep/formats/mat4.h"
#include "data-prep/formats/wfdb.h"

enum { HEAD = 24 };

static void put32(unsigned char *p, uint32_t v, bool big)
{
    for (int i = 0; i < 4; i++) p[big ? 3 - i : i] = (unsigned char)(v >> 8 * i);
}

/* An official file: 'val', int16, 1 x n. */
static size_t make_mat(unsigned char *out, const int16_t *x, int n, bool big)
{
    const uint32_t head[] = {big ? 1030 : 30, 1, (uint32_t)n, 0, 4};
    for (int i = 0; i < 5; i++) put32(out + 4 * i, head[i], big);
    memcpy(out + 20, "val", 4);
    for (int i = 0; i < n; i++) {
        uint16_t v = (uint16_t)x[i];
        out[HEAD + 2 * i + big] = (unsigned char)(v & 255);
        out[HEAD + 2 * i + !big] = (unsigned char)(v >> 8);
    }
    return HEAD + 2 * (size_t)n;
}

static void mat4_reads(void **state)
{
    (void)state;
    static const int16_t x[] = {-127, 300, -32768, 32767, 0};
    unsigned char file[256];
    int16_t back[5];
    af_mat4 m;
    for (int big = 0; big < 2; big++) {
        size_t size = make_mat(file, x, 5, big);
        assert_ok(af_mat4_find(&m, file, size, "val", "f.mat"));
        assert_int_equal(m.rows * m.cols, 5);
        assert_int_equal(m.offset, HEAD);
        af_mat4_int16(back, &m);
        assert_memory_equal(back, x, sizeof x);
        size += make_mat(file + size, x, 3, big); /* a second matrix, found behind the first */
        file[HEAD + 10 + 20] = 'w';
        assert_ok(af_mat4_find(&m, file, size, "wal", "f.mat"));
        assert_int_equal(m.cols, 3);
        assert_int_equal(m.offset, 2 * HEAD + 10);
        assert_int_equal(af_mat4_find(&m, file, size, "none", "f.mat"), AF_EFORMAT);
        assert_says("no matrix 'none'");
    }
}

static void mat4_refuses(void **state)
{
    (void)state;
    static const struct {
        int word;
        uint32_t value;
        const char *says;
    } bad[] = {{0, 31, "text, sparse or complex"},
               {0, 32, "text, sparse or complex"},
               {0, 60, "no MAT v4"},
               {0, 4030, "no MAT v4"},
               {0, 130, "no MAT v4"},
               {0, 0xffffffffu, "no MAT v4"},
               {0, 0x01000080u, "no MAT v4"}, /* read in the other byte order: near INT32_MIN */
               {1, 0x7fffffffu, "does not fit"},
               {2, 0x7fffffffu, "does not fit"},
               {2, 0xffffffffu, "1 x -1"},
               {2, 6, "does not fit the 10 bytes left"},
               {3, 1, "does not fit"},
               {3, 7, "imaginary flag 7"},
               {4, 0, "name of 0 bytes"},
               {4, 3, "ending with NUL"},
               {4, 65, "name of 65 bytes"},
               {4, 0x80000000u, "name of -"},
               {4, 60, "want 1 to 64"},
               {0, 0, "does not fit"}};
    static const int16_t x[5] = {1, 2, 3, 4, 5};
    unsigned char file[HEAD + 10];
    af_mat4 m;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        make_mat(file, x, 5, false);
        put32(file + 4 * bad[i].word, bad[i].value, false);
        assert_int_equal(af_mat4_find(&m, file, sizeof file, "val", "f.mat"), AF_EFORMAT);
        assert_says("f.mat");
        assert_says(bad[i].says);
    }
    make_mat(file, x, 5, false);
    put32(file + 4, 0x7fffffffu, false); /* both huge: the product must not wrap */
    put32(file + 8, 0x7fffffffu, false);
    assert_int_equal(af_mat4_find(&m, file, sizeof file, "val", "f.mat"), AF_EFORMAT);
    make_mat(file, x, 5, false);
    for (size_t size = 0; size < sizeof file; size++) {
        unsigned char *cut = af_alloc(size); /* exact, so that a sanitizer sees one byte too far */
        memcpy(cut, file, size);
        assert_int_equal(af_mat4_find(&m, cut, size, "val", "f.mat"), AF_EFORMAT);
        af_free(cut);
    }
    static const char v5[128] = "MATLAB 5.0 MAT-file, Platform: GLNXA64";
    assert_int_equal(af_mat4_find(&m, v5, sizeof v5, "val", "f.mat"), AF_EFORMAT);
    assert_says("MAT v5 or later");
}

static af_status parse_header(af_wfdb_header *h, const char *text)
{
    return af_wfdb_parse(h, text, strlen(text), "f.hea");
}

static void wfdb_reads(void **state)
{
    (void)state;
    af_wfdb_header h;
    assert_ok(parse_header(&h, "A00001 1 300 9000 2014-05-08 05:05:15 \r\n"
                               "A00001.mat 16+24 1000/mV 16 0 -127 0 0 ECG \r\n"));
    assert_string_equal(h.record, "A00001");
    assert_int_equal(h.samples, 9000);
    assert_true(h.frequency == 300 && h.signal[0].gain == 1000);
    assert_string_equal(h.signal[0].file, "A00001.mat");
    assert_int_equal(h.signal[0].format, 16);
    assert_int_equal(h.signal[0].byte_offset, 24);
    assert_int_equal(h.signal[0].first, -127);
    assert_string_equal(h.signal[0].units, "mV");
    assert_string_equal(h.signal[0].description, "ECG");
    assert_ok(parse_header(&h, "# made by hand\n\n100 2 360/360(0) 650000 0:0:0 0/0/0\n"
                               "100.dat 212 200(1024)/uV 11 1024 995 -22131 0 MLII lead\n"
                               "100.dat 212x1:0+5\n# 69 M 1085"));
    assert_int_equal(h.signals, 2);
    assert_int_equal(h.signal[0].baseline, 1024);
    assert_string_equal(h.signal[0].units, "uV");
    assert_string_equal(h.signal[0].description, "MLII lead");
    assert_int_equal(h.signal[1].byte_offset, 5);
    assert_true(h.signal[1].gain == 200);
    assert_ok(parse_header(&h, "r 1\nr.dat 16"));
    assert_true(h.frequency == 250);
}

static void wfdb_refuses(void **state)
{
    (void)state;
    static const char *const bad[][2] = {
        {"", "no record line"},
        {"# only a comment\n", "no record line"},
        {"A1/3 1 300\n", "single-segment"},
        {"A1\n", "f.hea:1: field 'number of signals'"},
        {"A1 0\n", "want 1 to 12"},
        {"A1 13\n", "want 1 to 12"},
        {"A1 99999999999999999999\n", "number of signals"},
        {"A1 1 fast\n", "sampling frequency"},
        {"A1 1 -300\n", "sampling frequency"},
        {"A1 1 nan\n", "sampling frequency"},
        {"A1 1 300 9000x\n", "number of samples"},
        {"A1 1 300 -5\n", "number of samples"},
        {"A1 2 300 5\nA1.dat 16\n", "1 signal lines, want 2"},
        {"A1 1 300 5\n\nA1.dat\n", "f.hea:3: field 'format'"},
        {"A1 1 300 5\nA1.dat 16+\n", "format"},
        {"A1 1 300 5\nA1.dat 16+-4\n", "format"},
        {"A1 1 300 5\nA1.dat 16x4\n", "format"},
        {"A1 1 300 5\nA1.dat 16 1000mV\n", "gain"},
        {"A1 1 300 5\nA1.dat 16 1000(3/mV\n", "gain"},
        {"A1 1 300 5\nA1.dat 16 inf/mV\n", "gain"},
        {"A1 1 300 5\nA1.dat 16 1000/mV 16 zero\n", "ADC zero"},
    };
    af_wfdb_header h;
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_int_equal(parse_header(&h, bad[i][0]), AF_EFORMAT);
        assert_says(bad[i][1]);
    }
    assert_int_equal(af_wfdb_parse(&h, "A\0 1", 4, "f.hea"), AF_EFORMAT);
    char line[1000];
    memset(line, 'x', sizeof line);
    assert_int_equal(af_wfdb_parse(&h, line, sizeof line, "f.hea"), AF_EFORMAT);
    assert_says("at most 511");
}

static void labels(void **state)
{
    (void)state;
    static const char good[] = "A2,~\r\nA1,N\r\n\r\nA3,O";
    static const char *const bad[][2] = {
        {"", "no labels"},           {"A1,N\nA2,X\n", "r.csv:2: label \"X\""},
        {"A1,N\nA1,N\n", "twice"},   {"A1;N\n", "r.csv:1"},
        {",N\n", "want RECORD"},     {"A1,\n", "label"},
        {"A1,NN\n", "label \"NN\""}, {"A1,N,0\n", "label \"N,0\""},
    };
    af_ecg_reference *list;
    int count;
    assert_ok(af_physionet_reference(&list, &count, good, sizeof good - 1, "r.csv"));
    assert_int_equal(count, 3);
    assert_string_equal(list[0].name, "A1");
    assert_int_equal(list[0].label, AF_ECG_NORMAL);
    assert_int_equal(list[1].label, AF_ECG_NOISY);
    assert_int_equal(list[2].label, AF_ECG_OTHER);
    af_free(list);
    for (size_t i = 0; i < LENGTH(bad); i++) {
        assert_int_equal(
            af_physionet_reference(&list, &count, bad[i][0], strlen(bad[i][0]), "r.csv"),
            AF_EFORMAT);
        assert_says(bad[i][1]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mat4_reads), cmocka_unit_test(mat4_refuses),
        cmocka_unit_test(wfdb_reads), cmocka_unit_test(wfdb_refuses),
        cmocka_unit_test(labels),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
