/* Pickles: what CPython and numpy write is read, under every protocol alike; whatever calls,
 * imports, refers to itself, lies about its size or is cut off is refused, with the place, in
 * little memory. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "core/base/alloc.h"
#include "data-prep/formats/pickle.h"
#include "tests/aid/work.h"

enum { PROTOCOLS = 6, TEXT = 4096 };

/* ---- a value as text ---- */

static void say(char *text, const char *fmt, ...) AF_PRINTF(2, 3);
static void say(char *text, const char *fmt, ...)
{
    va_list args;
    size_t used = strlen(text);
    va_start(args, fmt);
    vsnprintf(text + used, TEXT - used, fmt, args);
    va_end(args);
}

static void show(char *text, const af_pickle_value *v);

static void show_items(char *text, af_pickle_value *const *items, size_t count)
{
    say(text, "[");
    for (size_t i = 0; i < count; i++) {
        if (i) say(text, " ");
        show(text, items[i]);
    }
    say(text, "]");
}

static void show_array(char *text, const af_pickle_array *a)
{
    say(text, "%c%d{", a->dtype.kind, a->dtype.width);
    for (int d = 0; d < a->rank; d++) say(text, d ? ",%zu" : "%zu", a->shape[d]);
    say(text, "}");
    if (a->items) {
        show_items(text, a->items, a->count);
    } else if (a->dtype.kind == 'U') {
        for (size_t i = 0; i < a->count * (size_t)a->dtype.width; i++)
            if (a->data[i]) say(text, "%c", a->data[i]);
        assert_true(isnan(af_pickle_element(a, 0)));
    } else {
        for (size_t i = 0; i < a->count; i++) say(text, " %g", af_pickle_element(a, i));
    }
}

static void show(char *text, const af_pickle_value *v)
{
    bool string = v->kind == AF_PICKLE_TEXT || v->kind == AF_PICKLE_BYTES;
    say(text, v->kind == AF_PICKLE_BYTES ? "b" : v->kind == AF_PICKLE_BOOL ? "bool " : "");
    if (v->kind == AF_PICKLE_INT || v->kind == AF_PICKLE_BOOL)
        say(text, "%lld", (long long)v->integer);
    else if (v->kind == AF_PICKLE_FLOAT)
        say(text, "%#.3g", v->real);
    else if (v->kind == AF_PICKLE_ARRAY)
        show_array(text, v->array);
    else if (!string && v->kind >= AF_PICKLE_LIST && v->kind <= AF_PICKLE_DICT)
        say(text, "%s", af_pickle_kind_names[v->kind]), show_items(text, v->items, v->count);
    else if (!string)
        say(text, "%s", af_pickle_kind_names[v->kind]);
    if (!string) return;
    say(text, "'");
    for (size_t i = 0; i < v->size; i++)
        say(text, v->data[i] > ' ' && v->data[i] < 127 ? "%c" : "<%02x>",
            (unsigned char)v->data[i]);
    say(text, "'");
}

static void reads_as(const void *data, size_t size, const char *want, const char *name)
{
    char text[TEXT] = "";
    af_pickle *p;
    assert_ok(af_pickle_parse(&p, data, size, name));
    show(text, af_pickle_root(p));
    if (strcmp(text, want) != 0) fail_msg("%s:\n%s\nwant\n%s", name, text, want);
    af_pickle_free(p);
}

/* ---- what is read ---- */

static char *golden(size_t *size, int protocol)
{
    char path[AF_PATH_MAX], *data;
    assert_ok(af_path_format(path, "tests/golden/pickle%d.pkl", protocol));
    assert_ok(af_file_read(&data, size, path, 1 << 20));
    return data;
}

/* Values as tests/golden/pickles.py has them. */
static void every_protocol_alike(void **state)
{
    (void)state;
    for (int protocol = 0; protocol < PROTOCOLS; protocol++) {
        size_t size;
        char *data = golden(&size, protocol), name[32];
        snprintf(name, sizeof name, "protocol %d", protocol);
        reads_as(data, size,
                 "dict['a' i2{2,3} 0 1 2 3 4 5 'f' f8{2,2} 0 1.5 -2 3 'l' list[1 -5 300 70000 "
                 "1099511627776 bool 1 None 1.50 'h<e2><82><ac><0a>' b'<00><ff>' tuple[]] 't' "
                 "tuple[1 2 3 4] 's' -7 'o' O8{2}['x' None] 'e' b'' 'u' U8{2}abc]",
                 name);
        af_free(data);
    }
}

#define BYTES(text) text, sizeof text - 1

/* What Python 2 wrote, and what only hands write. */
static void old_and_odd(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        size_t size;
        const char *want;
    } cases[] = {
        {BYTES("(lp0\nI7\naL-12L\naI01\naF2.5\na."), "list[7 -12 bool 1 2.50]"},
        {BYTES("(dp0\nS'k\\x41\\n\\''\nI1\ns."), "dict[b'kA<0a>'' 1]"},
        {BYTES("V\xe9\\u20ac\\U0001f600\n."), "'<c3><a9><e2><82><ac><f0><9f><98><80>'"},
        {BYTES("\x80\x02]q\x00(U\x02xyT\x01\x00\x00\x00z\x8a\x02\x00\x80\x8a\x00"
               "e."),
         "list[b'xy' b'z' -32768 0]"},
        {BYTES("\x80\x02"
               "G\xbf\xf8\x00\x00\x00\x00\x00\x00."),
         "-1.50"},
        {BYTES("(I1\n1(I2\n00I4\n."), "4"},         /* POP_MARK, POP of a value and of a mark */
        {BYTES("]2\x86."), "tuple[list[] list[]]"}, /* the same list twice */
        {BYTES("}(U\x01"
               "aI1\nU\x01"
               "aI2\nu."),
         "dict[b'a' 1 b'a' 2]"},
        {BYTES("cnumpy\ndtype\n."), "name"},
        {BYTES("cnumpy\ndtype\n(U\x02"
               "f4I0\nI1\ntR."),
         "dtype"},
        {BYTES("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntU\x01"
               "btR."),
         "b1{0}"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++)
        reads_as(cases[i].code, cases[i].size, cases[i].want, "odd");
}

static void finds_keys(void **state)
{
    (void)state;
    static const char code[] = "}(U\x01"
                               "aI1\nU\x01"
                               "aI2\nI5\nNX\x01\0\0\0bI3\nu.";
    af_pickle *p;
    assert_ok(af_pickle_parse(&p, code, sizeof code - 1, "keys"));
    const af_pickle_value *root = af_pickle_root(p);
    assert_int_equal(af_pickle_get(root, "a")->integer, 2);
    assert_int_equal(af_pickle_get(root, "b")->integer, 3);
    assert_null(af_pickle_get(root, "ab"));
    assert_null(af_pickle_get(af_pickle_get(root, "a"), "a"));
    af_pickle_free(p);
}

/* ---- what is refused ---- */

/* An array with its parts written out; %s: shape, dtype, state of the dtype, order, data. */
#define ARRAY(shape, dtype, state, data)                                                           \
    "cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(I0\ntS'b'\ntR(I1\n" shape            \
    "cnumpy\ndtype\n(S'" dtype "'\nI0\nI1\ntR" state "bI00\n" data "tb."
#define PLAIN "(I3\nS'<'\nNNNI-1\nI-1\nI0\nt"

static const struct refusal {
    const char *code;
    size_t size;
    const char *says;
} refusals[] = {
    /* code */
    {BYTES("cos\nsystem\n(S'touch pwned'\ntR."), "byte 0: GLOBAL: wants to import os.system"},
    {BYTES("c__builtin__\neval\n(S'1'\ntR."), "import __builtin__.eval"},
    {BYTES("\x80\x04\x8c\x05posix\x8c\x06system\x93."),
     "byte 17: STACK_GLOBAL: wants to import posix"},
    {BYTES("cnumpy\nload\n."), "import numpy.load"},
    {BYTES("c\x1b[2J\nx\n."), "import ?[2J.x"},
    {BYTES("(S'x'\nios\nsystem\n."), "INST: makes an object"},
    {BYTES("(cnumpy\ndtype\nS'f4'\no."), "OBJ: makes an object"},
    {BYTES("\x80\x02"
           "cnumpy\ndtype\n)\x81."),
     "NEWOBJ: makes an object"},
    {BYTES("\x80\x04"
           "cnumpy\ndtype\n)}\x92."),
     "NEWOBJ_EX: makes an object"},
    {BYTES("\x80\x02\x82\x01."), "EXT1: refers to something outside"},
    {BYTES("Pkey\n."), "PERSID: refers to something outside"},
    {BYTES("NQ."), "BINPERSID: refers to"},
    {BYTES("\x80\x05\x97."), "NEXT_BUFFER: refers to"},
    {BYTES("\x80\x04\x8f."), "EMPTY_SET: makes a set"},
    {BYTES("cnumpy\nndarray\n)R."), "REDUCE: calls a name, which is refused"},
    {BYTES("])R."), "REDUCE: calls a list, which is refused"},
    {BYTES("]}b."), "BUILD: sets the state of a list"},
    {BYTES("cnumpy\ndtype\n)R."), "numpy.dtype with unknown arguments, want 1 to 3"},
    {BYTES("c_codecs\nencode\n(S'x'\nS'rot13'\ntR."), "other than a str in latin1"},
    {BYTES("c_codecs\nencode\n(V\\u20ac\nVlatin1\ntR."), "is not Latin-1"},
    {BYTES("cnumpy.core.multiarray\n_reconstruct\n(cnumpy\ndtype\n(I0\ntU\x01"
           "btR."),
     "another class"},
    /* size */
    {BYTES("\x80\x02X\xff\xff\xff\x7fxx."), "byte 2: BINUNICODE: 2147483647 bytes, 3 are left"},
    {BYTES("T\xff\xff\xff\xffx."), "BINSTRING: -1 bytes"},
    {BYTES("\x8e\xff\xff\xff\xff\xff\xff\xff\x7fx."), "BINBYTES8: 9223372036854775807 bytes"},
    {BYTES("\x8e\xff\xff\xff\xff\xff\xff\xff\xffx."), "BINBYTES8: -1 bytes"},
    {BYTES("\x80\x04\x95\xff\xff\xff\xff\xff\xff\xff\xffN."), "FRAME: a frame of"},
    {BYTES("\x80\x02\x8b\xff\xff\xff\x7fN."), "LONG4: 2147483647 bytes"},
    {BYTES("\x80\x02\x8a\x09"
           "123456789."),
     "LONG1: an integer of 9 bytes"},
    {BYTES("Nr\xff\xff\xff\xff."), "LONG_BINPUT: memo index 4294967295 after 1 opcodes"},
    {BYTES("Np999999999999\n."), "memo index 999999999999"},
    {BYTES("I99999999999999999999\n."), "not an integer of at most 18 digits"},
    {BYTES("F1.5x\n."), "not a number"},
    {BYTES("\x80\x06N."), "protocol 6, want 0 to 5"},
    /* arrays that lie */
    {BYTES(ARRAY("(I2\nt", "f4", PLAIN, "S'1234'\n")), "an array of 2 elements with 4 bytes"},
    {BYTES(ARRAY("(I4611686018427387904\nI16\nt", "f4", PLAIN, "S''\n")), "at most 18 digits"},
    {BYTES(ARRAY("(I461168601842738790\nI461168601842738790\nt", "f4", PLAIN, "S''\n")),
     "impossible extent of axis 1"},
    {BYTES(ARRAY("(I-1\nt", "f4", PLAIN, "S''\n")), "impossible extent of axis 0"},
    {BYTES(ARRAY("(I1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nI1\nt", "u1", PLAIN, "S'x'\n")), "at most 8"},
    {BYTES(ARRAY("(I1\nt", "V8", PLAIN, "S'12345678'\n")), "numpy dtype V8; want"},
    {BYTES(ARRAY("(I1\nt", "f16", PLAIN, "S'x'\n")), "numpy dtype f16"},
    {BYTES(ARRAY("(I1\nt", "u1", "(I3\nS'|'\nN(tNt", "S'x'\n")), "no plain number"},
    {BYTES(ARRAY("(I1\nt", "u1", PLAIN, "(l")), "holds a list, want bytes"},
    {BYTES(ARRAY("(I1\nt", "O8", PLAIN, "S'12345678'\n")), "holds a bytes, want list"},
    {BYTES(ARRAY("(I2\nt", "O8", PLAIN, "(NNNl")), "2 elements with 3 objects"},
    /* itself */
    {BYTES("]q\x00h\x00"
           "a."),
     "a list contains itself"},
    {BYTES("]q\x00}(Nh\x00ua."), "a list contains itself"},
    {BYTES("]q\x00(h\x00tq\x01"
           "ah\x01\x86."),
     "contains itself"},
    /* damage */
    {BYTES(""), "byte 0: end of file: no STOP"},
    {BYTES("N"), "byte 1: end of file: no STOP"},
    {BYTES("NN."), "2 values and 0 marks are left"},
    {BYTES("N(."), "1 values and 1 marks"},
    {BYTES("."), "0 values"},
    {BYTES("N.N"), "byte 2: 1 more bytes after STOP"},
    {BYTES("hello"), "BINGET: nothing was kept"},
    {BYTES("\xff\xfe"), "byte 0: unknown opcode: byte 0xff is no opcode"},
    {BYTES("0."), "POP: 0 values on the stack, want 1"},
    {BYTES("]N(a."), "APPEND: 0 values on the stack"}, /* what is below the mark is out of reach */
    {BYTES("Ne."), "APPENDS: no MARK"},
    {BYTES("N(Ne."), "adds to a None, want a list"},
    {BYTES("}(Nu."), "a key without a value"},
    {BYTES("}(]Nu."), "a list as key of a dict"},
    {BYTES("N\x86."), "TUPLE2: 1 values"},
    {BYTES("g0\n."), "nothing was kept as number 0"},
    {BYTES("S'x\n."), "want a text in quotes"},
    {BYTES("S'\\q'\n."), "unknown escape"},
    {BYTES("V\\u12\n."), "unknown escape"},
    {BYTES("S'x'"), "a line without an end"},
};

static void refused(const void *code, size_t size, const char *says)
{
    af_pickle *p;
    af_status st = af_pickle_parse(&p, code, size, "file");
    if (st == AF_OK) fail_msg("was read; want \"%s\"", says);
    assert_int_equal(st, AF_EFORMAT);
    assert_null(p);
    assert_says(says);
    assert_memory_equal(af_error(), "file: ", 6);
}

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < LENGTH(refusals); i++)
        refused(refusals[i].code, refusals[i].size, refusals[i].says);
}

static long peak_kilobytes(void)
{
    struct rusage u;
    getrusage(RUSAGE_SELF, &u);
    return u.ru_maxrss;
}

/* Small files that want to be large: each stays within what the reader promises. */
static void bombs(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20, WIDE = 60 };
    char *code = af_alloc(SIZE), wide[8 * WIDE];
    long before = peak_kilobytes();
    memset(code, ']', SIZE); /* a million lists on the stack: just within */
    refused(code, SIZE, "no STOP");
    code[0] = '(';
    code[SIZE - 2] = 'l'; /* and all of them in one more */
    code[SIZE - 1] = '.';
    refused(code, SIZE, "made to exhaust memory");
    memset(code, '(', SIZE);
    refused(code, SIZE, "no STOP");
    for (size_t i = 0; i < SIZE; i += 2) memcpy(code + i, i ? "\x85\x85" : "N\x85", 2);
    code[SIZE - 1] = '.';
    refused(code, SIZE, "made to exhaust memory"); /* a million tuples in each other */
    for (size_t i = 0; i < 20000; i++) code[i] = i ? '\x85' : 'N';
    code[20000 - 1] = '.';
    refused(code, 20000, "nested deeper than 64");

    /* a text of half the file, encoded over and over */
    static const char head[] = "c_codecs\nencode\nq\x01X\0\0\4\0", tail[] = "\x8c\6latin1\x86q\x02";
    size_t n = sizeof head - 1, text = 1 << 18;
    memcpy(code, head, n);
    memset(code + n, 'x', text);
    memcpy(code + n + text, tail, sizeof tail - 1);
    n += text + sizeof tail - 1;
    for (; n + 5 < SIZE; n += 5) memcpy(code + n, "h\1h\2R", 5);
    refused(code, n, "REDUCE: more than");

    /* 2^60 leaves, 61 values: read, for nobody walks them all */
    char *at = wide;
    *at++ = ']';
    for (int i = 0; i < WIDE; i++) *at++ = '2', *at++ = '\x86';
    *at++ = '.';
    af_pickle *p;
    assert_ok(af_pickle_parse(&p, wide, (size_t)(at - wide), "wide"));
    af_pickle_free(p);
    /* all together; with sanitizers, which keep what is freed. Believed, they would take gigabytes.
     */
    assert_in_range(peak_kilobytes() - before, 0, 512 * 1024);
    af_free(code);
}

static void cut_or_changed(void **state)
{
    (void)state;
    static const unsigned char values[] = {0, '(', '.', 'R', 'b', 0x94, 0xff};
    for (int protocol = 0; protocol < PROTOCOLS; protocol++) {
        size_t size;
        af_pickle *p;
        char *data = golden(&size, protocol);
        for (size_t cut = 0; cut < size; cut++) {
            char *part = af_alloc(cut); /* so that reading beyond it is noticed */
            memcpy(part, data, cut);
            assert_int_equal(af_pickle_parse(&p, part, cut, "cut"), AF_EFORMAT);
            af_free(part);
        }
        for (size_t at = 0; at < size; at++)
            for (size_t v = 0; v < LENGTH(values); v++) {
                char was = data[at];
                data[at] = (char)values[v];
                af_status st = af_pickle_parse(&p, data, size, "changed");
                assert_true(st == AF_OK || st == AF_EFORMAT);
                af_pickle_free(p);
                data[at] = was;
            }
        af_free(data);
    }
}

/* ---- PyTorch's tensors ---- */

/* "storage", its class, file, device and elements; then first element, shape and strides. */
#define TENSOR(class, id, view)                                                                    \
    "ctorch._utils\n_rebuild_tensor_v2\n((S'storage'\nctorch\n" class "\n" id "tQ" view            \
                                                                      "I00\nccollections\nOrdered" \
                                                                      "Dict\n)RtR."
#define FLOATS(view) TENSOR("FloatStorage", "V0\nVcpu\nI24\n", view)

static void reads_tensors(void **state)
{
    (void)state;
    static const char code[] = FLOATS("I2\n(I2\nI3\nt(I9\nI2\nt");
    af_pickle *p;
    assert_ok(af_pickle_parse_torch(&p, BYTES(code), "t.pt"));
    const af_pickle_value *v = af_pickle_root(p);
    assert_int_equal(v->kind, AF_PICKLE_TENSOR);
    assert_int_equal(v->tensor->rank, 2);
    assert_int_equal(v->tensor->shape[1], 3);
    assert_int_equal(v->tensor->stride[0], 9);
    assert_int_equal(v->tensor->first, 2);
    assert_int_equal(v->tensor->storage.count, 24);
    assert_int_equal(v->tensor->storage.dtype.kind, 'f');
    assert_memory_equal(v->tensor->storage.name, "0", v->tensor->storage.name_size);
    af_pickle_free(p);
    refused(BYTES(code), "wants to import torch._utils._rebuild_tensor_v2, which is refused");
}

static void refuses_tensors(void **state)
{
    (void)state;
    static const struct {
        const char *code;
        size_t size;
        const char *says;
    } cases[] = {
        {BYTES(FLOATS("I2\n(I2\nI3\nt(I18\nI2\nt")), "ends beyond the 24 elements"}, /* 24 */
        {BYTES(FLOATS("I24\n(I1\nt(I1\nt")), "ends beyond the 24 elements"},
        {BYTES(FLOATS("I0\n(I2\nt(L999999999999999999L\nt")), "ends beyond"},
        {BYTES(FLOATS("I0\n(L999999999999999999L\nL999999999999999999L\nt(I0\nI0\nt")),
         "ends beyond"}, /* all of them the first element */
        {BYTES(FLOATS("I-1\n(I1\nt(I1\nt")), "want a storage and the first element"},
        {BYTES(FLOATS("I0\n(I1\nt(I1\nI1\nt")), "want tuples of at most 8"},
        {BYTES(FLOATS("I0\n(I-1\nt(I1\nt")), "want tuples of at most 8"},
        {BYTES(TENSOR("FloatStorage", "V0\nVcpu\nI-4\n", "I0\n(I1\nt(I1\nt")), "no storage of"},
        {BYTES(TENSOR("FloatStorage", "I0\nVcpu\nI4\n", "I0\n(I1\nt(I1\nt")), "no storage of"},
        {BYTES(TENSOR("QInt8Storage", "V0\nVcpu\nI4\n", "I0\n(I1\nt(I1\nt")),
         "import torch.QInt8Storage"},
        {BYTES("ctorch._utils\n_rebuild_tensor_v2\n(NI0\n)))NtR."), "a tensor of a None"},
        {BYTES("ctorch\nload\n."), "import torch.load"},
        {BYTES("ctorch\nFloatStorage\n)R."), "calls a name, which is refused"},
        {BYTES("NQ."), "a persistent id that is no storage"},
    };
    for (size_t i = 0; i < LENGTH(cases); i++) {
        af_pickle *p = NULL;
        assert_int_equal(af_pickle_parse_torch(&p, cases[i].code, cases[i].size, "t.pt"),
                         AF_EFORMAT);
        assert_says(cases[i].says);
        assert_null(p);
    }
}

static void memory_runs_out(void **state)
{
    (void)state;
    size_t size;
    af_pickle *p;
    char *data = golden(&size, 2);
    unsigned long k = 1;
    af_status st = AF_ENOMEM;
    for (; st != AF_OK && k < 100; k++) {
        af_alloc_fail_at(k);
        st = af_pickle_parse(&p, data, size, "short");
        af_alloc_fail_at(0);
        if (st != AF_OK) assert_int_equal(st, AF_ENOMEM);
    }
    assert_ok(st);
    assert_true(k > 5);
    af_pickle_free(p);
    af_free(data);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_protocol_alike),
        cmocka_unit_test(old_and_odd),
        cmocka_unit_test(finds_keys),
        cmocka_unit_test(refuses),
        cmocka_unit_test(bombs),
        cmocka_unit_test(cut_or_changed),
        cmocka_unit_test(reads_tensors),
        cmocka_unit_test(refuses_tensors),
        cmocka_unit_test(memory_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
