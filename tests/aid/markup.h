/* Checks that a page is well-formed XML after its <!DOCTYPE html>: every element is closed in
 * order, attributes are quoted and stand once, nothing but the five entities and numbers is
 * escaped, and the bytes are UTF-8. Stricter than what browsers ask, so nothing is left to their
 * guesses. */
#ifndef AID_MARKUP_H
#define AID_MARKUP_H

/* Fails the test with the place where the page is not well-formed. Returns the number of elements.
 */
int markup_check(const char *page);
int markup_count(const char *page, const char *part); /* how often the part stands in it */

#endif
