/* One connection at a time, one request a connection. */
#include "tests/aid/server.h"
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/aid/work.h"

static pid_t child;

static void send_all(int to, const void *data, size_t size)
{
    const char *p = data;
    for (ssize_t n; size; p += n, size -= (size_t)n)
        if ((n = send(to, p, size, MSG_NOSIGNAL)) <= 0) return;
}

static void say(int to, const char *text)
{
    send_all(to, text, strlen(text));
}

static void send_body(int to, size_t from, size_t end)
{
    static unsigned char body[SERVER_BODY];
    for (size_t i = 0; i < SERVER_BODY; i++) body[i] = server_byte(i);
    send_all(to, body + from, end - from);
}

/* The body from `first` on (-1: all, no range), of which bytes up to `end` are really sent. */
static void answer(int to, long first, size_t end, const char *tag)
{
    char head[512];
    const size_t from = first > 0 ? (size_t)first : 0;
    int n =
        snprintf(head, sizeof head, "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: %zu\r\n",
                 first >= 0 ? "206 Partial Content" : "200 OK", SERVER_BODY - from);
    if (first >= 0)
        n += snprintf(head + n, sizeof head - (size_t)n, "Content-Range: bytes %ld-%d/%d\r\n",
                      first, SERVER_BODY - 1, SERVER_BODY);
    if (tag) n += snprintf(head + n, sizeof head - (size_t)n, "ETag: \"%s\"\r\n", tag);
    snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    say(to, head);
    send_body(to, from, end);
}

static void redirect(int to, const char *where)
{
    char head[256];
    snprintf(head, sizeof head,
             "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
             where);
    say(to, head);
}

static void serve(int to, const char *request)
{
    static int answers;
    char path[64] = "", tag[32] = "";
    long first = -1;
    const char *range = strstr(request, "Range: bytes="),
               *condition = strstr(request, "If-Range: \"");
    sscanf(request, "GET /%63s", path);
    if (range) first = atol(range + 13);
    if (condition) sscanf(condition + 11, "%31[^\"]", tag);
    answers++;
    if (first >= SERVER_BODY)
        say(to,
            "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    else if (!strcmp(path, "whole"))
        answer(to, condition && strcmp(tag, "one") ? -1 : first, SERVER_BODY, "one");
    else if (!strcmp(path, "cut"))
        answer(to, first, first < 0 ? SERVER_BODY / 2 : SERVER_BODY, "one");
    else if (!strcmp(path, "changed")) {
        snprintf(tag, sizeof tag, "t%d", answers);
        answer(to, -1, answers % 2 ? SERVER_BODY / 2 : SERVER_BODY, tag);
    } else if (!strcmp(path, "plain"))
        answer(to, -1, SERVER_BODY, NULL);
    else if (!strcmp(path, "wrong"))
        answer(to, first < 0 ? -1 : first + 1, first < 0 ? SERVER_BODY / 2 : SERVER_BODY, "one");
    else if (!strcmp(path, "loop"))
        redirect(to, "/loop");
    else if (!strcmp(path, "file"))
        redirect(to, "file:///etc/passwd");
    else if (!strcmp(path, "moved"))
        redirect(to, "/whole");
    else if (!strcmp(path, "page"))
        say(to, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 21\r\n\r\n <!DOCTYPE "
                "html><html>");
    else if (!strcmp(path, "refused"))
        say(to, "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno");
    else
        say(to, "HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\nConnection: close\r\n\r\ngone");
}

static void loop(int listening)
{
    for (;;) {
        char request[4096] = "";
        size_t used = 0;
        int to = accept(listening, NULL, NULL);
        if (to < 0) _exit(0);
        while (used < sizeof request - 1 && !strstr(request, "\r\n\r\n")) {
            ssize_t n = recv(to, request + used, sizeof request - 1 - used, 0);
            if (n <= 0) break;
            used += (size_t)n;
            request[used] = '\0';
        }
        serve(to, request);
        shutdown(to, SHUT_WR);
        close(to);
    }
}

int server_start(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof at;
    int listening = socket(AF_INET, SOCK_STREAM, 0);
    assert_true(listening >= 0);
    assert_int_equal(bind(listening, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listening, 16), 0);
    assert_int_equal(getsockname(listening, (struct sockaddr *)&at, &size), 0);
    child = fork();
    assert_true(child >= 0);
    if (!child) loop(listening);
    close(listening);
    return ntohs(at.sin_port);
}

void server_stop(void)
{
    if (child <= 0) return;
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    child = 0;
}
