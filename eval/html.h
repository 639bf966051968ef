/* Writing HTML. Markup is ours, texts come from anybody: af_html is the only way a text gets into a
 * page, and it escapes. What is written is also well-formed XML: every element is closed, every
 * attribute quoted.
 *
 *     af_html(to, "<td class=\"$\">$</td>", "name", r->method);
 */
#ifndef AF_HTML_H
#define AF_HTML_H
#include <stdio.h>

/* Writes the markup; each '$' in it is replaced by the next argument, a const char *, escaped. */
void af_html(FILE *to, const char *markup, ...);
/* One text, escaped for element content and for quoted attributes. Bytes that are not UTF-8,
 * control characters and those that turn the direction of writing become U+FFFD. NULL: nothing. */
void af_html_text(FILE *to, const char *text);
/* The same, but no more than `bytes` of the text; an ellipsis stands for the rest. */
void af_html_cut(FILE *to, const char *text, size_t bytes);

#endif
