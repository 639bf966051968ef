#include "tests/aid/processes.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/jsonl.h"
#include "tests/aid/work.h"

/* build/<configuration>/tests/test_x -> build/<configuration>/afield */
void program_path(char out[AF_PATH_MAX])
{
    char self[AF_PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = '\0';
    for (int i = 0; i < 2; i++) *strrchr(self, '/') = '\0';
    assert_ok(af_path_join(out, self, "afield"));
    if (!af_file_exists(out)) fail_msg("%s: not built; `make` builds it", out);
}

int children_of(pid_t parent, pid_t *out, int max)
{
    char path[64], line[256], *rest;
    int n = 0;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    if (!f) return 0;
    size_t size = fread(line, 1, sizeof line - 1, f);
    fclose(f);
    line[size] = '\0';
    for (char *t = strtok_r(line, " ", &rest); t && n < max; t = strtok_r(NULL, " ", &rest))
        out[n++] = (pid_t)atoi(t);
    return n;
}

void read_digests(char digests[200], const char *directory)
{
    char path[AF_PATH_MAX];
    json_t *r;
    assert_ok(af_path_join(path, directory, "result.json"));
    assert_ok(af_json_load(&r, path));
    snprintf(digests, 200, "%s %s", json_string_value(json_object_get(r, "proposal_digest")),
             json_string_value(json_object_get(r, "run_digest")));
    json_decref(r);
}
