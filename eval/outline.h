/* A JSON object for people: one member a line, long texts wrapped, members of objects below them.
 */
#ifndef AF_OUTLINE_H
#define AF_OUTLINE_H
#include <jansson.h>

void af_print_outline(json_t *object); /* to stdout */

#endif
