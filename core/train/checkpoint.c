/* Layout: magic, digest of the training, pieces (state, curve {epochs, 2}, snapshot now, snapshot
 * of the best epoch), SHA-256 (hexadecimal) of all before it. Host byte order: a checkpoint stays
 * on its machine. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/base/version.h"
#include "core/train/checkpoint.h"

static const char MAGIC[16] = "afield-ckpt-1\n";

af_status af_training_digest(char hex[AF_SHA256_HEX], const af_training *t)
{
    char *graph = af_graph_print(t->graph);
    af_sha256 *h = af_sha256_new();
    if (!graph || !h) {
        af_free(graph);
        if (h) af_sha256_end(h, hex);
        return AF_ENOMEM;
    }
    const af_recipe *r = &t->recipe;
    char augment[AF_AUGMENT_TEXT];
    char where[256] = "";
    af_augment_print(augment, &r->augment);
    if (t->backend->probe(where, sizeof where) != AF_OK) where[0] = '\0';
    af_sha256_addf(h, "%s, %s, %s, %s\n", AF_VERSION, where,
                   af_precision_name(t->backend, t->precision), t->metric->name);
    af_sha256_addf(h, "%s %s %s %d %d %s %llu %llu %d %d\n", t->task->name, t->data->sha256,
                   af_protocol_names[t->protocol], t->schedule == AF_OWN ? t->epochs : 0,
                   (int)t->schedule, t->backend->name, (unsigned long long)t->seed,
                   (unsigned long long)t->trial, t->validate, t->every_epoch);
    af_sha256_addf(h, "%d %d %d %a %a %a %a %a %d %a %a %a %a %a %a\n", r->epochs, r->batch,
                   (int)r->optimiser, r->lr, r->momentum, r->weight_decay, r->clip, r->dropout,
                   (int)r->schedule.kind, r->schedule.warmup, r->schedule.factor,
                   r->schedule.milestones[0], r->schedule.milestones[1], r->schedule.milestones[2],
                   r->schedule.milestones[3]);
    if (t->fast) af_sha256_addf(h, "fast\n");
    if (*augment) af_sha256_addf(h, "%s\n", augment);
    af_sha256_add(h, graph, strlen(graph));
    af_sha256_end(h, hex);
    af_free(graph);
    return AF_OK;
}

enum { DIGEST = AF_SHA256_HEX - 1 };

static size_t total(const af_piece *p, int count)
{
    size_t n = sizeof MAGIC + 2 * DIGEST;
    for (int i = 0; i < count; i++) n += p[i].size;
    return n;
}

af_status af_pieces_write(const char *path, const char *digest, const af_piece *p, int count)
{
    size_t size = total(p, count), at = sizeof MAGIC + DIGEST;
    char *all = af_alloc(size + 1);
    if (!all) return AF_ENOMEM;
    memcpy(all, MAGIC, sizeof MAGIC);
    memcpy(all + sizeof MAGIC, digest, DIGEST);
    for (int i = 0; i < count; at += p[i++].size)
        if (p[i].size) memcpy(all + at, p[i].data, p[i].size);
    af_sha256_of(all, at, all + at);
    af_status st = af_file_write(path, all, size);
    af_free(all);
    return st;
}

static af_status load(const char *path, const char *all, size_t size, const char *digest,
                      bool *found, const af_piece *p, int count)
{
    char hex[AF_SHA256_HEX];
    if (size < sizeof MAGIC + 2 * DIGEST || memcmp(all, MAGIC, sizeof MAGIC) != 0)
        return af_fail(AF_EFORMAT, "%s: not a checkpoint of this version; delete it to start over",
                       path);
    af_sha256_of(all, size - DIGEST, hex);
    if (memcmp(hex, all + size - DIGEST, DIGEST) != 0)
        return af_fail(AF_EFORMAT, "%s: damaged (checksum differs); delete it to start over", path);
    if (memcmp(all + sizeof MAGIC, digest, DIGEST) != 0 || size != total(p, count)) {
        af_log(AF_LOG_WARN, "%s belongs to another training and is ignored", path);
        return AF_OK;
    }
    const char *from = all + sizeof MAGIC + DIGEST;
    for (int i = 0; i < count; from += p[i++].size)
        if (p[i].size) memcpy(p[i].data, from, p[i].size);
    *found = true;
    return AF_OK;
}

af_status af_pieces_read(const char *path, const char *digest, bool *found, const af_piece *p,
                         int count)
{
    *found = false;
    if (!af_file_exists(path)) return AF_OK;
    char *all;
    size_t size;
    AF_TRY(af_file_read(&all, &size, path, (size_t)1 << 40));
    af_status st = load(path, all, size, digest, found, p, count);
    af_free(all);
    return st;
}

/* What a training's checkpoint holds. */
enum { PIECES = 4 };
static void pieces(af_piece p[PIECES], const af_checkpoint *c)
{
    p[0] = (af_piece){c->state, sizeof *c->state};
    p[1] = (af_piece){c->curve, (size_t)c->rows * 2 * sizeof *c->curve};
    p[2] = (af_piece){c->now, c->now_size};
    p[3] = (af_piece){c->best, c->best_size};
}

af_status af_checkpoint_write(const char *path, const char *digest, const af_checkpoint *c)
{
    af_piece p[PIECES];
    pieces(p, c);
    return af_pieces_write(path, digest, p, PIECES);
}

af_status af_checkpoint_read(const char *path, const char *digest, bool *found,
                             const af_checkpoint *c)
{
    af_piece p[PIECES];
    pieces(p, c);
    return af_pieces_read(path, digest, found, p, PIECES);
}
