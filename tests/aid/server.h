/* A small web server in a child process, for tests of downloads. What it does follows from the
 * path:
 *
 *     /whole      the body, with an ETag; ranges are honoured, If-Range too
 *     /cut        announces the body and sends half of it; asked for a range: the rest
 *     /changed    as /cut, but every answer has another ETag
 *     /plain      the body; ranges are ignored, no ETag
 *     /wrong      answers a range with another one
 *     /loop       redirects to itself     /file    redirects to file:///etc/passwd
 *     /moved      redirects to /whole     /page    a web page
 *     /refused    403                     else     404
 */
#ifndef AID_SERVER_H
#define AID_SERVER_H
#include <stddef.h>

enum { SERVER_BODY = 300000 };
/* Byte i of the body. */
static inline unsigned char server_byte(size_t i)
{
    return (unsigned char)(i * 31 + i / 251);
}
/* Returns the port; aborts the test when it cannot be had. */
int server_start(void);
void server_stop(void);

#endif
