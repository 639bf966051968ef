/* Fuzzes the journal's reader: the bytes as a file, and each line of them as a record whose
 * checksum holds, which mutation alone would never find. Whatever is accepted is resumed from. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/jsonl.h"
#include "core/base/log.h"
#include "core/search/journal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const words[] = {"a", "b", NULL};
static const af_knob knobs[] = {
    {.name = "word", .kind = AF_CATEGORICAL, .choices = words},
    {.name = "n", .kind = AF_INTEGER, .low = 0, .high = 9},
    {.name = "lr", .kind = AF_LOG_FLOAT, .low = 1e-3, .high = 1, .def = NAN},
};
static const af_space space = {.name = "fuzz", .knobs = knobs, .count = 3};

static json_t *header(void)
{
    return json_pack("{si s{ss}}", "seed", 1, "data", "sha256", "0");
}

/* Reads the lines of `text` as records; what is accepted must be consistent. */
static void read_records(char *text)
{
    json_t *asked = header();
    af_journal j = {.space = &space, .path = "fuzz", .header = asked};
    long line = 0;
    for (char *rest = text, *one; (one = strtok_r(rest, "\n", &rest));) {
        json_t *record = json_loads(one, JSON_REJECT_DUPLICATES, NULL);
        bool good = record && af_journal_read_record(record, ++line, &j) == AF_OK;
        json_decref(record);
        if (!good) break;
    }
    if (j.count > 0 && !j.started) abort();
    for (int64_t n = 0; n < j.count; n++) {
        char shown[AF_CONFIG_TEXT];
        const af_journal_entry *e = &j.entries[n];
        if (e->proposal.epochs < 1 || (e->done && isnan(e->outcome.error))) abort();
        af_space_print(&space, &e->proposal.config, shown);
        af_trial again = {.number = n, .proposal = e->proposal};
        if (af_journal_propose(&j, &again, e->told) != AF_OK) abort();
        again.proposal.epochs++;
        if (af_journal_propose(&j, &again, e->told) != AF_EFORMAT) abort();
    }
    char proposals[AF_SHA256_HEX], outcomes[AF_SHA256_HEX];
    if (af_journal_digests(&j, proposals, outcomes) != AF_OK) abort();
    af_free(j.entries);
    af_free(j.shared.rows);
    json_decref(asked);
}

static void read_file(const uint8_t *data, size_t size)
{
    char path[64];
    af_journal *j;
    json_t *asked = header();
    if (af_path_format(path, "/dev/shm/afield-fuzz-%ld", (long)getpid()) == AF_OK &&
        af_file_write(path, data, size) == AF_OK &&
        af_journal_open(&j, path, &space, asked, true) == AF_OK)
        af_journal_close(j);
    af_file_remove(path);
    json_decref(asked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    af_log_set(AF_LOG_ERROR);
    char *text = af_alloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    read_records(text);
    if (size < 4096) read_file(data, size);
    af_free(text);
    return 0;
}
