/* Escaping. A page must survive names made to break it: the text is decoded strictly (no overlong
 * forms, no surrogates), so nothing that a browser could read differently gets through. */
#include "eval/html.h"
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* Length of the UTF-8 sequence at s, its code point in *out; 0 when there is none. */
static size_t decode(const unsigned char *s, size_t left, uint32_t *out)
{
    static const uint32_t lowest[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xc0 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
    if (!n || n > left || s[0] > 0xf4) return 0;
    uint32_t c = n == 1 ? s[0] : s[0] & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if ((s[i] & 0xc0) != 0x80) return 0;
        c = c << 6 | (s[i] & 0x3f);
    }
    if (c < lowest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) return 0;
    *out = c;
    return n;
}

static bool is_harmless(uint32_t c)
{
    if (c < 0x20 || (c >= 0x7f && c < 0xa0)) return false;          /* control characters */
    if (c == 0x200e || c == 0x200f || c == 0x061c) return false;    /* marks of direction */
    if (c >= 0x202a && c <= 0x202e) return false;                   /* embeddings, overrides */
    if (c >= 0x2066 && c <= 0x2069) return false;                   /* isolates */
    if (c == 0x2028 || c == 0x2029 || c == 0xfeff) return false;    /* separators, byte order */
    return (c & 0xfffe) != 0xfffe && !(c >= 0xfdd0 && c <= 0xfdef); /* no characters */
}

static void put(FILE *to, const unsigned char *s, size_t n, uint32_t c)
{
    if (c == '&')
        fputs("&amp;", to);
    else if (c == '<')
        fputs("&lt;", to);
    else if (c == '>')
        fputs("&gt;", to);
    else if (c == '"')
        fputs("&quot;", to);
    else if (c == '\'')
        fputs("&#39;", to);
    else
        fwrite(s, 1, n, to);
}

void af_html_cut(FILE *to, const char *text, size_t bytes)
{
    const unsigned char *s = (const unsigned char *)text;
    size_t left = text ? strlen(text) : 0, taken = 0;
    while (left) {
        uint32_t c = 0;
        size_t n = decode(s, left, &c);
        bool good = n && is_harmless(c);
        if (!n) n = 1;
        if (taken + n > bytes) {
            fputs("\xe2\x80\xa6", to);
            return;
        }
        if (good)
            put(to, s, n, c);
        else
            fputs("\xef\xbf\xbd", to);
        s += n;
        left -= n;
        taken += n;
    }
}

void af_html_text(FILE *to, const char *text)
{
    af_html_cut(to, text, SIZE_MAX);
}

void af_html(FILE *to, const char *markup, ...)
{
    va_list args;
    va_start(args, markup);
    for (const char *end; *markup; markup = end) {
        size_t n = strcspn(markup, "$");
        fwrite(markup, 1, n, to);
        end = markup + n;
        if (*end != '$') continue;
        af_html_text(to, va_arg(args, const char *));
        end++;
    }
    va_end(args);
}
