/* Two levels are laid out; what is deeper stays on the line of its owner: "epochs 10, batch 32". */
#include "eval/outline.h"
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { WIDTH = 98, MAX_LINE = 8192, MAX_DEPTH = 4 };

static void append(char *line, const char *text)
{
    size_t used = strlen(line);
    snprintf(line + used, MAX_LINE - used, "%s", text);
}

/* The value on one line. */
static void flatten(char *line, json_t *value, int depth)
{
    char number[64];
    const char *key;
    json_t *member;
    size_t i, n = 0;
    if (depth > MAX_DEPTH) return;
    if (json_is_string(value)) {
        append(line, json_string_value(value));
    } else if (json_is_integer(value)) {
        snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        append(line, number);
    } else if (json_is_real(value)) {
        snprintf(number, sizeof number, "%.6g", json_real_value(value));
        append(line, number);
    } else if (json_is_boolean(value)) {
        append(line, json_is_true(value) ? "yes" : "no");
    }
    json_array_foreach(value, i, member)
    {
        if (n++) append(line, ", ");
        flatten(line, member, depth + 1);
    }
    json_object_foreach(value, key, member)
    {
        bool list = json_is_array(member);
        if (n++) append(line, ", ");
        append(line, key);
        append(line, list ? " [" : " ");
        flatten(line, member, depth + 1);
        if (list) append(line, "]");
    }
}

/* Breaks at blanks; the cursor stands at `column`. */
static void print_wrapped(const char *text, int column)
{
    int at = column;
    while (*text) {
        int length = (int)strcspn(text, " \n");
        if (at > column && (at + 1 + length > WIDTH || text[-1] == '\n')) {
            printf("\n%*s", column, "");
            at = column;
        } else if (at > column) {
            putchar(' ');
            at++;
        }
        printf("%.*s", length, text);
        at += length;
        text += length + (text[length] != '\0');
    }
    putchar('\n');
}

static void print_members(json_t *object, int indent)
{
    const char *key;
    json_t *member;
    int wide = 0;
    json_object_foreach(object, key, member) if ((int)strlen(key) > wide) wide = (int)strlen(key);
    json_object_foreach(object, key, member)
    {
        char line[MAX_LINE] = "";
        if (json_is_object(member) && indent == 0) {
            puts(key);
            print_members(member, 2);
            continue;
        }
        printf("%*s%-*s  ", indent, "", wide, key);
        flatten(line, member, 0);
        print_wrapped(line, indent + wide + 2);
    }
}

void af_print_outline(json_t *object)
{
    print_members(object, 0);
}
