/* The opcodes of protocols 0 to 5 in one table: name, operand, handler. Counts are compared with
 * what is left of the file before anything is allocated; strings stay where they lie in the file.
 */
#include <string.h>
#include "data-prep/formats/pickle_machine.h"

static af_status op_mark(af_pickle_machine *m)
{
    return af_pickle_mark(m);
}

static af_status op_stop(af_pickle_machine *m)
{
    if (m->height != 1 || m->mark_count)
        return af_fail(AF_EFORMAT, "%zu values and %zu marks are left, want one value", m->height,
                       m->mark_count);
    m->stopped = true;
    return AF_OK;
}

static af_status op_pop_mark(af_pickle_machine *m)
{
    af_pickle_value *const *first;
    size_t count;
    return af_pickle_pop_mark(&first, &count, m);
}

static af_status op_pop(af_pickle_machine *m)
{
    af_pickle_value *ignored;
    bool mark_on_top = m->mark_count && m->marks[m->mark_count - 1] == m->height;
    return mark_on_top ? op_pop_mark(m) : af_pickle_pop(&ignored, m);
}

static af_status op_dup(af_pickle_machine *m)
{
    af_pickle_value *v;
    AF_TRY(af_pickle_peek(&v, m, 0));
    return af_pickle_push(m, v);
}

static af_status op_proto(af_pickle_machine *m)
{
    if (m->operand.number <= 5) return AF_OK;
    return af_fail(AF_EFORMAT, "protocol %d, want 0 to 5; save with protocol 4",
                   (int)m->operand.number);
}

static af_status op_frame(af_pickle_machine *m)
{
    uint64_t size = (uint64_t)m->operand.number;
    if (size <= m->size - m->at) return AF_OK;
    return af_fail(AF_EFORMAT,
                   "a frame of %llu bytes, %zu are left; the file is cut off or damaged",
                   (unsigned long long)size, m->size - m->at);
}

/* ---- values ---- */

static af_status push_integer(af_pickle_machine *m, af_pickle_kind kind, int64_t value)
{
    af_pickle_value *v;
    if (kind == AF_PICKLE_INT && value >= 0 && value < AF_PICKLE_SMALL)
        return af_pickle_push(m, &m->small[value]);
    AF_TRY(af_pickle_new(&v, m, kind));
    v->integer = value;
    return af_pickle_push(m, v);
}

static af_status push_real(af_pickle_machine *m, double value)
{
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_FLOAT));
    v->real = value;
    return af_pickle_push(m, v);
}

static af_status op_bool(af_pickle_machine *m)
{
    return push_integer(m, AF_PICKLE_BOOL, m->operand.n);
}

static af_status op_int(af_pickle_machine *m)
{
    return push_integer(m, AF_PICKLE_INT, m->operand.number);
}

static af_status op_int_line(af_pickle_machine *m)
{
    const af_pickle_operand *a = &m->operand;
    int64_t value;
    if (a->size == 2 && a->data[0] == '0' && (a->data[1] == '0' || a->data[1] == '1'))
        return push_integer(m, AF_PICKLE_BOOL, a->data[1] == '1');
    AF_TRY(af_pickle_integer(&value, a));
    return push_integer(m, AF_PICKLE_INT, value);
}

static af_status op_long(af_pickle_machine *m)
{
    const af_pickle_operand *a = &m->operand;
    uint64_t bits = 0;
    if (a->size > sizeof bits)
        return af_fail(AF_EFORMAT, "an integer of %zu bytes, want at most 8", a->size);
    for (size_t i = 0; i < a->size; i++) bits |= (uint64_t)(uint8_t)a->data[i] << 8 * i;
    if (a->size && a->size < sizeof bits && a->data[a->size - 1] & 0x80)
        bits |= UINT64_MAX << 8 * a->size;
    return push_integer(m, AF_PICKLE_INT, (int64_t)bits);
}

static af_status op_real(af_pickle_machine *m)
{
    return push_real(m, m->operand.real);
}

static af_status op_real_line(af_pickle_machine *m)
{
    double value;
    AF_TRY(af_pickle_real(&value, &m->operand));
    return push_real(m, value);
}

static af_status op_string(af_pickle_machine *m) /* n: its kind */
{
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)m->operand.n));
    v->data = m->operand.data;
    v->size = m->operand.size;
    return af_pickle_push(m, v);
}

static af_status op_string_line(af_pickle_machine *m) /* n: its kind */
{
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)m->operand.n));
    if (v->kind == AF_PICKLE_BYTES)
        AF_TRY(af_pickle_quoted(v, m, &m->operand));
    else
        AF_TRY(af_pickle_escaped(v, m, &m->operand));
    return af_pickle_push(m, v);
}

static af_status op_empty(af_pickle_machine *m) /* n: its kind */
{
    af_pickle_value *v;
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)m->operand.n));
    return af_pickle_push(m, v);
}

/* ---- containers ---- */

static af_status check_pairs(af_pickle_value *const *first, size_t count)
{
    if (count % 2) return af_fail(AF_EFORMAT, "a key without a value; the file is damaged");
    for (size_t i = 0; i < count; i += 2)
        if (first[i]->kind >= AF_PICKLE_LIST && first[i]->kind != AF_PICKLE_TUPLE)
            return af_fail(AF_EFORMAT, "a %s as key of a dict; want str, bytes or a number",
                           af_pickle_kind_names[first[i]->kind]);
    return AF_OK;
}

static af_status extend(af_pickle_machine *m, af_pickle_value *container,
                        af_pickle_value *const *first, size_t count)
{
    if (container->kind == AF_PICKLE_DICT) AF_TRY(check_pairs(first, count));
    for (size_t i = 0; i < count; i++) AF_TRY(af_pickle_append(m, container, first[i]));
    return AF_OK;
}

static af_status op_collect(af_pickle_machine *m) /* n: a list, tuple or dict, of all to the mark */
{
    af_pickle_value *v, *const *first;
    size_t count;
    AF_TRY(af_pickle_pop_mark(&first, &count, m));
    AF_TRY(af_pickle_new(&v, m, (af_pickle_kind)m->operand.n));
    AF_TRY(extend(m, v, first, count));
    return af_pickle_push(m, v);
}

static af_status op_tuple(af_pickle_machine *m) /* of n */
{
    af_pickle_value *v, *lowest;
    size_t count = (size_t)m->operand.n;
    AF_TRY(af_pickle_peek(&lowest, m, count - 1));
    AF_TRY(af_pickle_new(&v, m, AF_PICKLE_TUPLE));
    m->height -= count;
    AF_TRY(extend(m, v, m->stack + m->height, count));
    return af_pickle_push(m, v);
}

static af_status add_to_top(af_pickle_machine *m, af_pickle_value *const *first, size_t count)
{
    af_pickle_value *top;
    AF_TRY(af_pickle_peek(&top, m, 0));
    if (top->kind == (af_pickle_kind)m->operand.n) return extend(m, top, first, count);
    return af_fail(AF_EFORMAT, "adds to a %s, want a %s", af_pickle_kind_names[top->kind],
                   af_pickle_kind_names[m->operand.n]);
}

static af_status op_add(af_pickle_machine *m) /* n: list: a value; dict: a key and a value */
{
    af_pickle_value *lowest;
    size_t count = m->operand.n == AF_PICKLE_DICT ? 2 : 1;
    AF_TRY(af_pickle_peek(&lowest, m, count - 1));
    m->height -= count;
    return add_to_top(m, m->stack + m->height, count);
}

static af_status op_add_all(af_pickle_machine *m) /* n: list or dict; all to the mark */
{
    af_pickle_value *const *first;
    size_t count;
    AF_TRY(af_pickle_pop_mark(&first, &count, m));
    return add_to_top(m, first, count);
}

/* ---- memo and names ---- */

static af_status op_put(af_pickle_machine *m)
{
    return af_pickle_put(m, m->operand.number);
}

static af_status op_memoize(af_pickle_machine *m)
{
    return af_pickle_put(m, (int64_t)m->memo_count);
}

static af_status op_get(af_pickle_machine *m)
{
    return af_pickle_recall(m, m->operand.number);
}

static af_status op_memo_line(af_pickle_machine *m) /* n: 1 put, 0 get */
{
    int64_t index;
    AF_TRY(af_pickle_integer(&index, &m->operand));
    return m->operand.n ? af_pickle_put(m, index) : af_pickle_recall(m, index);
}

static af_status read_line(af_pickle_operand *a, af_pickle_machine *m)
{
    const uint8_t *from = m->code + m->at;
    const uint8_t *end = m->at < m->size ? memchr(from, '\n', m->size - m->at) : NULL;
    if (!end) return af_fail(AF_EFORMAT, "a line without an end; the file is cut off or damaged");
    a->data = (const char *)from;
    a->size = (size_t)(end - from);
    m->at += a->size + 1;
    return AF_OK;
}

static af_status op_global(af_pickle_machine *m)
{
    af_pickle_operand name;
    AF_TRY(read_line(&name, m));
    return af_pickle_import(m, m->operand.data, m->operand.size, name.data, name.size);
}

static af_status op_stack_global(af_pickle_machine *m)
{
    af_pickle_value *name, *module;
    AF_TRY(af_pickle_pop(&name, m));
    AF_TRY(af_pickle_pop(&module, m));
    if (name->kind != AF_PICKLE_TEXT || module->kind != AF_PICKLE_TEXT)
        return af_fail(AF_EFORMAT, "a name of %s and %s, want two of str",
                       af_pickle_kind_names[module->kind], af_pickle_kind_names[name->kind]);
    return af_pickle_import(m, module->data, module->size, name->data, name->size);
}

static af_status op_refuse(af_pickle_machine *m);
static af_status op_persistent(af_pickle_machine *m)
{
    return m->torch ? af_pickle_persistent(m) : op_refuse(m);
}

static af_status op_refuse(af_pickle_machine *m)
{
    static const char *const what[] = {
        "makes an object by calling its class",
        "refers to something outside the file",
        "makes a set",
    };
    return af_fail(AF_EFORMAT,
                   "%s; only numbers, texts, lists, tuples, dicts and numpy arrays are read and "
                   "nothing is ever called: save such values instead",
                   what[m->operand.n]);
}

/* ---- the table ---- */

enum operand {
    NO,
    U1,
    U2,
    I4,
    U4,
    U8,
    R8,
    LINE,
    C1,
    C4,
    C4S,
    C8
}; /* C: counted bytes; S: signed */
static const int widths[] = {[U1] = 1, [U2] = 2, [I4] = 4, [U4] = 4,  [U8] = 8,
                             [R8] = 8, [C1] = 1, [C4] = 4, [C4S] = 4, [C8] = 8};
enum { CALLS, OUTSIDE, SET };

static const struct opcode {
    const char *name;
    enum operand operand;
    af_status (*run)(af_pickle_machine *m);
    int n;
} opcodes[256] = {
    ['('] = {"MARK", NO, op_mark},
    ['.'] = {"STOP", NO, op_stop},
    ['0'] = {"POP", NO, op_pop},
    ['1'] = {"POP_MARK", NO, op_pop_mark},
    ['2'] = {"DUP", NO, op_dup},
    [0x80] = {"PROTO", U1, op_proto},
    [0x95] = {"FRAME", U8, op_frame},

    ['N'] = {"NONE", NO, op_empty, AF_PICKLE_NONE},
    [0x88] = {"NEWTRUE", NO, op_bool, 1},
    [0x89] = {"NEWFALSE", NO, op_bool, 0},
    ['I'] = {"INT", LINE, op_int_line},
    ['L'] = {"LONG", LINE, op_int_line},
    ['J'] = {"BININT", I4, op_int},
    ['K'] = {"BININT1", U1, op_int},
    ['M'] = {"BININT2", U2, op_int},
    [0x8a] = {"LONG1", C1, op_long},
    [0x8b] = {"LONG4", C4S, op_long},
    ['F'] = {"FLOAT", LINE, op_real_line},
    ['G'] = {"BINFLOAT", R8, op_real},

    ['S'] = {"STRING", LINE, op_string_line, AF_PICKLE_BYTES},
    ['T'] = {"BINSTRING", C4S, op_string, AF_PICKLE_BYTES},
    ['U'] = {"SHORT_BINSTRING", C1, op_string, AF_PICKLE_BYTES},
    ['B'] = {"BINBYTES", C4, op_string, AF_PICKLE_BYTES},
    ['C'] = {"SHORT_BINBYTES", C1, op_string, AF_PICKLE_BYTES},
    [0x8e] = {"BINBYTES8", C8, op_string, AF_PICKLE_BYTES},
    [0x96] = {"BYTEARRAY8", C8, op_string, AF_PICKLE_BYTES},
    ['V'] = {"UNICODE", LINE, op_string_line, AF_PICKLE_TEXT},
    ['X'] = {"BINUNICODE", C4, op_string, AF_PICKLE_TEXT},
    [0x8c] = {"SHORT_BINUNICODE", C1, op_string, AF_PICKLE_TEXT},
    [0x8d] = {"BINUNICODE8", C8, op_string, AF_PICKLE_TEXT},

    [']'] = {"EMPTY_LIST", NO, op_empty, AF_PICKLE_LIST},
    [')'] = {"EMPTY_TUPLE", NO, op_empty, AF_PICKLE_TUPLE},
    ['}'] = {"EMPTY_DICT", NO, op_empty, AF_PICKLE_DICT},
    ['l'] = {"LIST", NO, op_collect, AF_PICKLE_LIST},
    ['t'] = {"TUPLE", NO, op_collect, AF_PICKLE_TUPLE},
    ['d'] = {"DICT", NO, op_collect, AF_PICKLE_DICT},
    [0x85] = {"TUPLE1", NO, op_tuple, 1},
    [0x86] = {"TUPLE2", NO, op_tuple, 2},
    [0x87] = {"TUPLE3", NO, op_tuple, 3},
    ['a'] = {"APPEND", NO, op_add, AF_PICKLE_LIST},
    ['e'] = {"APPENDS", NO, op_add_all, AF_PICKLE_LIST},
    ['s'] = {"SETITEM", NO, op_add, AF_PICKLE_DICT},
    ['u'] = {"SETITEMS", NO, op_add_all, AF_PICKLE_DICT},

    ['p'] = {"PUT", LINE, op_memo_line, 1},
    ['q'] = {"BINPUT", U1, op_put},
    ['r'] = {"LONG_BINPUT", U4, op_put},
    [0x94] = {"MEMOIZE", NO, op_memoize},
    ['g'] = {"GET", LINE, op_memo_line, 0},
    ['h'] = {"BINGET", U1, op_get},
    ['j'] = {"LONG_BINGET", U4, op_get},

    ['c'] = {"GLOBAL", LINE, op_global},
    [0x93] = {"STACK_GLOBAL", NO, op_stack_global},
    ['R'] = {"REDUCE", NO, af_pickle_reduce},
    ['b'] = {"BUILD", NO, af_pickle_build},

    ['i'] = {"INST", NO, op_refuse, CALLS},
    ['o'] = {"OBJ", NO, op_refuse, CALLS},
    [0x81] = {"NEWOBJ", NO, op_refuse, CALLS},
    [0x92] = {"NEWOBJ_EX", NO, op_refuse, CALLS},
    [0x82] = {"EXT1", NO, op_refuse, OUTSIDE},
    [0x83] = {"EXT2", NO, op_refuse, OUTSIDE},
    [0x84] = {"EXT4", NO, op_refuse, OUTSIDE},
    ['P'] = {"PERSID", NO, op_refuse, OUTSIDE},
    ['Q'] = {"BINPERSID", NO, op_persistent, OUTSIDE},
    [0x97] = {"NEXT_BUFFER", NO, op_refuse, OUTSIDE},
    [0x98] = {"READONLY_BUFFER", NO, op_refuse, OUTSIDE},
    [0x8f] = {"EMPTY_SET", NO, op_refuse, SET},
    [0x90] = {"ADDITEMS", NO, op_refuse, SET},
    [0x91] = {"FROZENSET", NO, op_refuse, SET},
};

/* Everything is little-endian but the real number. */
static uint64_t read_bits(const uint8_t *from, int width, bool big_endian)
{
    uint64_t bits = 0;
    for (int i = 0; i < width; i++) bits |= (uint64_t)from[big_endian ? width - 1 - i : i] << 8 * i;
    return bits;
}

static af_status read_operand(af_pickle_machine *m, enum operand kind)
{
    af_pickle_operand *a = &m->operand;
    if (kind == LINE) return read_line(a, m);
    size_t width = (size_t)widths[kind];
    if (width > m->size - m->at) return af_fail(AF_EFORMAT, "the file ends here; it is cut off");
    uint64_t bits = read_bits(m->code + m->at, (int)width, kind == R8);
    m->at += width;
    if (kind == R8) memcpy(&a->real, &bits, sizeof a->real);
    a->number = kind == I4 || kind == C4S ? (int32_t)(uint32_t)bits : (int64_t)bits;
    if (kind < C1) return AF_OK;
    if (a->number < 0 || (uint64_t)a->number > m->size - m->at)
        return af_fail(AF_EFORMAT, "%lld bytes, %zu are left; the file is cut off or damaged",
                       (long long)a->number, m->size - m->at);
    a->data = (const char *)m->code + m->at;
    a->size = (size_t)a->number;
    m->at += a->size;
    return AF_OK;
}

af_status af_pickle_step(af_pickle_machine *m)
{
    if (m->at == m->size) return af_fail(AF_EFORMAT, "no STOP; the file is cut off");
    int code = m->code[m->at];
    const struct opcode *o = &opcodes[code];
    if (!o->run)
        return af_fail(AF_EFORMAT, "byte 0x%02x is no opcode; not a pickle, or damaged", code);
    m->at++;
    m->operand = (af_pickle_operand){.n = o->n};
    AF_TRY(read_operand(m, o->operand));
    AF_TRY(o->run(m));
    m->steps++;
    return AF_OK;
}

const char *af_pickle_opcode_name(const af_pickle_machine *m, size_t at)
{
    const char *name = at < m->size ? opcodes[m->code[at]].name : "end of file";
    return name ? name : "unknown opcode";
}
