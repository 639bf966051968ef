/* A small parser: one pass, a stack of open elements. */
#include "tests/aid/markup.h"
#include <ctype.h>
#include <stdlib.h>
#include "tests/aid/work.h"

enum { DEEP = 64, NAME = 32, ATTRIBUTES = 16 };

typedef struct parser {
    const char *page, *at;
    char open[DEEP][NAME];
    int depth, elements;
} parser;

static _Noreturn void bad(const parser *p, const char *what)
{
    long back = p->at - p->page < 60 ? p->at - p->page : 60;
    fail_msg("not well-formed: %s at ...%.*s[HERE]%.60s", what, (int)back, p->at - back, p->at);
    abort(); /* fail_msg does not come back, but does not say so */
}

static void name(parser *p, char out[NAME])
{
    int n = 0;
    while (isalnum((unsigned char)*p->at) || (*p->at && strchr("-_:", *p->at))) {
        if (n + 1 >= NAME) bad(p, "a long name");
        out[n++] = *p->at++;
    }
    out[n] = '\0';
    if (!n) bad(p, "no name");
}

static void entity(parser *p)
{
    static const char *const known[] = {"&amp;", "&lt;", "&gt;", "&quot;", "&#39;"};
    for (size_t i = 0; i < LENGTH(known); i++)
        if (strncmp(p->at, known[i], strlen(known[i])) == 0) {
            p->at += strlen(known[i]);
            return;
        }
    bad(p, "an entity");
}

/* One character of content or of a value. */
static void character(parser *p)
{
    unsigned char c = (unsigned char)*p->at;
    if (c == '&') {
        entity(p);
        return;
    }
    if (c < 0x20 && c != '\n' && c != '\t') bad(p, "a control character");
    int n = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (!n) bad(p, "not UTF-8");
    for (int i = 1; i < n; i++)
        if (((unsigned char)p->at[i] & 0xc0) != 0x80) bad(p, "not UTF-8");
    p->at += n;
}

static void attributes(parser *p)
{
    char seen[ATTRIBUTES][NAME];
    int n = 0;
    for (;;) {
        const char *before = p->at;
        while (isspace((unsigned char)*p->at)) p->at++;
        if (*p->at == '>' || *p->at == '/') return;
        if (p->at == before) bad(p, "no blank before an attribute");
        if (n == ATTRIBUTES) bad(p, "many attributes");
        char *mine = seen[n % ATTRIBUTES];
        name(p, mine);
        for (int i = 0; i < n; i++)
            if (strcmp(seen[i], mine) == 0) bad(p, "an attribute twice");
        n++;
        while (*p->at == ' ') p->at++;
        if (*p->at++ != '=') bad(p, "no value");
        while (*p->at == ' ') p->at++;
        char quote = *p->at++;
        if (quote != '"' && quote != '\'') bad(p, "no quote");
        while (*p->at && *p->at != quote) {
            if (*p->at == '<') bad(p, "'<' in a value");
            character(p);
        }
        if (*p->at++ != quote) bad(p, "an open value");
    }
}

static void element(parser *p)
{
    char it[NAME];
    p->at++;
    if (*p->at == '/') {
        p->at++;
        name(p, it);
        if (!p->depth || strcmp(p->open[p->depth - 1], it) != 0) bad(p, "another element is open");
        p->depth--;
    } else {
        name(p, it);
        p->elements++;
        attributes(p);
        if (*p->at == '/') {
            p->at++;
        } else {
            if (p->depth == DEEP) bad(p, "too deep");
            memcpy(p->open[p->depth++], it, NAME);
        }
    }
    if (*p->at++ != '>') bad(p, "no '>'");
}

int markup_check(const char *page)
{
    static const char doctype[] = "<!DOCTYPE html>\n";
    parser p = {.page = page, .at = page};
    if (strncmp(page, doctype, strlen(doctype)) != 0) bad(&p, "no doctype");
    for (p.at += strlen(doctype); *p.at;) {
        if (!p.depth && p.elements && *p.at != '\n') bad(&p, "something after the end");
        if (*p.at == '<')
            element(&p);
        else if (*p.at == '>' && strcmp(p.open[p.depth ? p.depth - 1 : 0], "style") != 0)
            bad(&p, "a bare '>'");
        else
            character(&p);
    }
    if (p.depth) bad(&p, "an element is left open");
    return p.elements;
}

int markup_count(const char *page, const char *part)
{
    int n = 0;
    for (const char *s = page; (s = strstr(s, part)); s += strlen(part)) n++;
    return n;
}
