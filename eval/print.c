/* Output for people and for scripts. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/log.h"
#include "eval/cli.h"

af_status af_print_json(json_t *value)
{
    int bad = json_dumpf(value, stdout, JSON_INDENT(2) | JSON_REAL_PRECISION(17));
    json_decref(value);
    putchar('\n');
    return bad ? af_fail(AF_EIO, "standard output: cannot write JSON") : AF_OK;
}

/* Columns a terminal needs for UTF-8 text: bytes that are not continuations. */
static int width(const char *s)
{
    int n = 0;
    for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
    return n;
}

void af_print_table(const char *const *const *rows, const bool *right)
{
    enum { MAX_COLUMNS = 32 };
    int wide[MAX_COLUMNS] = {0};
    for (size_t r = 0; rows[r]; r++)
        for (int c = 0; c < MAX_COLUMNS && rows[r][c]; c++)
            if (width(rows[r][c]) > wide[c]) wide[c] = width(rows[r][c]);
    bool colour = af_colour(STDOUT_FILENO);
    for (size_t r = 0; rows[r]; r++) {
        if (r == 0 && colour) fputs("\033[1m", stdout);
        for (int c = 0; c < MAX_COLUMNS && rows[r][c]; c++) {
            int gap = wide[c] - width(rows[r][c]);
            bool last = !rows[r][c + 1];
            if (right[c])
                printf("%*s%s", gap, "", rows[r][c]);
            else
                printf("%s%*s", rows[r][c], last ? 0 : gap, "");
            if (!last) fputs("  ", stdout);
        }
        if (r == 0 && colour) fputs("\033[0m", stdout);
        putchar('\n');
    }
}

void af_print_si(char out[32], double value, const char *unit)
{
    static const char *const prefix[] = {"", "k", "M", "G", "T", "P", "E"};
    size_t i = 0;
    while (fabs(value) >= 1000 && i + 1 < sizeof prefix / sizeof *prefix) value /= 1000, i++;
    snprintf(out, 32, "%.*f %s%s",
             value < 10 && i    ? 2
             : value < 100 && i ? 1
                                : 0,
             value, prefix[i], unit);
}
