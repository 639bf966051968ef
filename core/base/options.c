/* Tables of options. Everything about an option comes from its row: how its text is read, which
 * values are allowed, what the help and the errors say, what results record. A value that is
 * refused leaves the struct as it was. Numbers whose row has low == high are not bounded. */
#include "core/base/options.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_LENGTH = 64, SHOWN = 40, HELP_COLUMN = 30, HELP_WIDTH = 98 };

/* ---- near names ---- */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* Levenshtein's distance; both names are at most NAME_MAX_LENGTH long. */
static int distance(const char *a, const char *b)
{
    int row[NAME_MAX_LENGTH + 1];
    int n = (int)strlen(b);
    for (int j = 0; j <= n; j++) row[j] = j;
    for (int i = 1; *a; i++, a++) {
        int diagonal = row[0];
        row[0] = i;
        for (int j = 1; j <= n; j++) {
            int above = row[j];
            int change =
                diagonal + (tolower((unsigned char)*a) != tolower((unsigned char)b[j - 1]));
            row[j] = least(change, 1 + least(above, row[j - 1]));
            diagonal = above;
        }
    }
    return row[n];
}

/* The nearest so far: a name is near when about a quarter of its letters differ, or when it begins
 * with what was typed. */
typedef struct nearest {
    const char *typed, *name;
    int distance;
} nearest;

static void consider(nearest *best, const char *name)
{
    size_t typed = strlen(best->typed), length = strlen(name);
    if (typed == 0 || typed > NAME_MAX_LENGTH || length > NAME_MAX_LENGTH) return;
    int d = distance(best->typed, name);
    bool begins = typed >= 3 && !strncmp(best->typed, name, typed);
    if (!begins && (d > 1 + (int)typed / 4 || d >= (int)length)) return;
    if (best->name && d >= best->distance) return;
    best->name = name;
    best->distance = d;
}

const char *af_nearest(const char *name, const char *const *names)
{
    nearest best = {.typed = name};
    for (; *names; names++) consider(&best, *names);
    return best.name;
}

/* ---- values ---- */

static const char *value_name(const af_option *o)
{
    static const char *const by_kind[] = {
        [AF_OPT_INT] = "N",   [AF_OPT_U64] = "N",     [AF_OPT_REAL] = "X",
        [AF_OPT_FLAG] = NULL, [AF_OPT_TEXT] = "TEXT", [AF_OPT_CHOICE] = NULL,
    };
    return o->value ? o->value : by_kind[o->kind];
}

static bool bounded(const af_option *o)
{
    return o->low < o->high;
}

static bool in_range(const af_option *o, double v)
{
    return !bounded(o) || (v >= o->low && v <= o->high);
}

/* `dashes` is "--" on the command line and "" elsewhere. */
static af_status refuse_number(const af_option *o, const char *dashes, const char *value,
                               const char *what)
{
    if (!bounded(o))
        return af_fail(AF_EUSAGE, "%s%s: '%.*s' is not %s", dashes, o->name, SHOWN, value, what);
    return af_fail(AF_EUSAGE, "%s%s: '%.*s' is not %s from %.15g to %.15g", dashes, o->name, SHOWN,
                   value, what, o->low, o->high);
}

static af_status set_int(const af_option *o, int *out, const char *dashes, const char *value)
{
    char *end;
    errno = 0;
    long v = strtol(value, &end, 10);
    if (end == value || *end || isspace((unsigned char)*value) || errno || v < INT32_MIN ||
        v > INT32_MAX || !in_range(o, (double)v))
        return refuse_number(o, dashes, value, "a whole number");
    *out = (int)v;
    return AF_OK;
}

static af_status set_u64(const af_option *o, uint64_t *out, const char *dashes, const char *value)
{
    char *end;
    errno = 0;
    uint64_t v = strtoull(value, &end, 10);
    /* strtoull takes a sign and makes a huge number of it */
    if (!isdigit((unsigned char)*value) || *end || errno || !in_range(o, (double)v))
        return refuse_number(o, dashes, value, "a whole number, not negative,");
    *out = v;
    return AF_OK;
}

static af_status set_real(const af_option *o, double *out, const char *dashes, const char *value)
{
    char *end;
    double v = strtod(value, &end);
    if (end == value || *end || isspace((unsigned char)*value) || !isfinite(v) || !in_range(o, v))
        return refuse_number(o, dashes, value, "a number");
    *out = v;
    return AF_OK;
}

static af_status set_flag(const af_option *o, bool *out, const char *dashes, const char *value)
{
    if (strcmp(value, "true") && strcmp(value, "false"))
        return af_fail(AF_EUSAGE, "%s%s: '%.*s' is neither true nor false", dashes, o->name, SHOWN,
                       value);
    *out = !strcmp(value, "true");
    return AF_OK;
}

/* "a, b or c" into buf; cut when it does not fit. */
static void list_choices(const af_option *o, char *buf, size_t size, const char *comma,
                         const char *last)
{
    size_t used = 0;
    buf[0] = '\0';
    for (int i = 0; o->choices[i] && used < size; i++) {
        const char *between = i == 0 ? "" : o->choices[i + 1] ? comma : last;
        int n = snprintf(buf + used, size - used, "%s%s", between, o->choices[i]);
        used += n > 0 ? (size_t)n : 0;
    }
}

static af_status set_choice(const af_option *o, int *out, const char *dashes, const char *value)
{
    for (int i = 0; o->choices[i]; i++) {
        if (strcmp(o->choices[i], value)) continue;
        *out = i;
        return AF_OK;
    }
    char known[512];
    list_choices(o, known, sizeof known, ", ", " or ");
    return af_fail(AF_EUSAGE, "%s%s: '%.*s' is unknown, want %s", dashes, o->name, SHOWN, value,
                   known);
}

static af_status set_value(const af_option *o, void *out, const char *dashes, const char *value)
{
    void *at = (char *)out + o->offset;
    switch (o->kind) {
    case AF_OPT_INT:
        return set_int(o, at, dashes, value);
    case AF_OPT_U64:
        return set_u64(o, at, dashes, value);
    case AF_OPT_REAL:
        return set_real(o, at, dashes, value);
    case AF_OPT_FLAG:
        return set_flag(o, at, dashes, value);
    case AF_OPT_CHOICE:
        return set_choice(o, at, dashes, value);
    case AF_OPT_TEXT:
        *(const char **)at = value;
        return AF_OK;
    }
    return af_fail(AF_EINTERNAL, "option '%s' is of the unknown kind %d", o->name, (int)o->kind);
}

void af_options_default(const af_option *table, void *out)
{
    for (const af_option *o = table; o->name; o++) {
        if (!o->def) {
            assert(o->kind == AF_OPT_TEXT && "only a text may lack a default");
            *(const char **)(void *)((char *)out + o->offset) = NULL;
            continue;
        }
        af_status st = set_value(o, out, "", o->def);
        assert(st == AF_OK && "a default must be a value the option accepts");
        (void)st;
    }
}

/* ---- names ---- */

const af_option *af_options_find(const af_option *table, const char *name, size_t length)
{
    for (const af_option *o = table; o->name; o++)
        if (strlen(o->name) == length && !memcmp(o->name, name, length)) return o;
    return NULL;
}

static af_status unknown(const af_option *table, const char *dashes, const char *name,
                         size_t length)
{
    char typed[NAME_MAX_LENGTH + 2]; /* one more than any name: longer ones stay too long */
    if (length >= sizeof typed) length = sizeof typed - 1;
    memcpy(typed, name, length);
    typed[length] = '\0';
    nearest best = {.typed = typed};
    for (const af_option *o = table; o->name; o++) consider(&best, o->name);
    if (best.name)
        return af_fail(AF_EUSAGE, "unknown option %s%.*s; did you mean %s%s?", dashes, SHOWN, typed,
                       dashes, best.name);
    if (!table->name)
        return af_fail(AF_EUSAGE, "unknown option %s%.*s; there are none here", dashes, SHOWN,
                       typed);
    return af_fail(AF_EUSAGE, "unknown option %s%.*s; --help lists the known ones", dashes, SHOWN,
                   typed);
}

af_status af_options_set(const af_option *table, void *out, const char *name, const char *value)
{
    size_t length = strlen(name);
    const af_option *o = af_options_find(table, name, length);
    if (!o) return unknown(table, "", name, length);
    return set_value(o, out, "", value);
}

/* ---- the command line ---- */

/* argv[*i] begins with "--"; moves *i on when the value is the next argument. */
static af_status parse_option(const af_option *table, void *out, int argc, char **argv, int *i)
{
    const char *name = argv[*i] + 2, *equals = strchr(name, '=');
    size_t length = equals ? (size_t)(equals - name) : strlen(name);
    const af_option *o = af_options_find(table, name, length);
    if (!o) return unknown(table, "--", name, length);
    if (equals) return set_value(o, out, "--", equals + 1);
    if (o->kind == AF_OPT_FLAG) return set_value(o, out, "--", "true");
    const char *want = value_name(o) ? value_name(o) : "VALUE";
    if (*i + 1 >= argc)
        return af_fail(AF_EUSAGE, "--%s needs a value: --%s %s", o->name, o->name, want);
    const char *value = argv[++*i];
    if (!strncmp(value, "--", 2)) /* most likely the value was forgotten */
        return af_fail(AF_EUSAGE, "--%s needs a value but %.*s follows; write --%s=%s if meant so",
                       o->name, SHOWN, value, o->name, want);
    return set_value(o, out, "--", value);
}

af_status af_options_parse(const af_option *table, void *out, int argc, char **argv,
                           const char **words, int max, int *words_count)
{
    bool options = true;
    *words_count = 0;
    for (int i = 0; i < argc; i++) {
        const char *a = argv[i];
        if (options && !strcmp(a, "--")) {
            options = false;
        } else if (options && !strncmp(a, "--", 2)) {
            AF_TRY(parse_option(table, out, argc, argv, &i));
        } else if (options && a[0] == '-' && isalpha((unsigned char)a[1])) {
            return af_fail(AF_EUSAGE, "unknown option %.*s; options begin with two dashes", SHOWN,
                           a);
        } else if (*words_count == max) {
            return af_fail(AF_EUSAGE, "'%.*s' is one argument too many, want at most %d", SHOWN, a,
                           max);
        } else {
            words[(*words_count)++] = a;
        }
    }
    return AF_OK;
}

/* ---- help and records ---- */

/* Text broken at blanks between HELP_COLUMN and HELP_WIDTH; the cursor stands at HELP_COLUMN. */
static void print_wrapped(FILE *to, const char *text)
{
    int column = HELP_COLUMN;
    while (*text) {
        int length = (int)strcspn(text, " ");
        if (column > HELP_COLUMN && column + 1 + length > HELP_WIDTH) {
            fprintf(to, "\n%*s", HELP_COLUMN, "");
            column = HELP_COLUMN;
        } else if (column > HELP_COLUMN) {
            fputc(' ', to);
            column++;
        }
        fprintf(to, "%.*s", length, text);
        column += length;
        text += length;
        text += strspn(text, " ");
    }
    fputc('\n', to);
}

void af_options_help(const af_option *table, FILE *to)
{
    for (const af_option *o = table; o->name; o++) {
        char left[256], choices[192] = "", text[1024];
        const char *value = value_name(o);
        if (o->kind == AF_OPT_CHOICE && !value) {
            list_choices(o, choices, sizeof choices, "|", "|");
            value = choices;
        }
        int n = snprintf(left, sizeof left, "  --%s%s%s", o->name, value ? " " : "",
                         value ? value : "");
        fputs(left, to);
        if (n > HELP_COLUMN - 2) {
            fputc('\n', to);
            n = 0;
        }
        fprintf(to, "%*s", HELP_COLUMN - n, "");
        bool show = o->def && *o->def && o->kind != AF_OPT_FLAG;
        snprintf(text, sizeof text, "%s%s%s%s", o->help, show ? " (default " : "",
                 show ? o->def : "", show ? ")" : "");
        print_wrapped(to, text);
    }
}

/* The shortest of the forms that read back as the same number. */
static void print_real(char buf[64], double v)
{
    for (int digits = 15; digits <= 17; digits++) {
        snprintf(buf, 64, "%.*g", digits, v);
        if (strtod(buf, NULL) == v) return;
    }
}

const char *af_options_text(const af_option *o, const void *values, char buf[64])
{
    const void *at = (const char *)values + o->offset;
    switch (o->kind) {
    case AF_OPT_INT:
        snprintf(buf, 64, "%d", *(const int *)at);
        return buf;
    case AF_OPT_U64:
        snprintf(buf, 64, "%" PRIu64, *(const uint64_t *)at);
        return buf;
    case AF_OPT_REAL:
        print_real(buf, *(const double *)at);
        return buf;
    case AF_OPT_FLAG:
        return *(const bool *)at ? "true" : "false";
    case AF_OPT_CHOICE:
        return o->choices[*(const int *)at];
    case AF_OPT_TEXT:
        break;
    }
    const char *text = *(const char *const *)at;
    return text ? text : "";
}
