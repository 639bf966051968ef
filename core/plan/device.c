/* Plans on a device. What a step needs of the host goes over first; then the same calls that the
 * host would make queue the step's work. Networks are small, so queueing costs more than computing:
 * when the same work comes a second time it is recorded, and from then on one call plays all of it.
 * What a step does depends on which coefficients are 0, so several recordings are kept. */
#include <math.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/plan/internal.h"

enum { RECORDINGS = 16 };

typedef struct tape {
    unsigned char *key;
    af_recording *work; /* NULL: seen once, not recorded */
    uint64_t used;
} tape;

struct af_device_side {
    bool own;             /* the device is this plan's, not borrowed */
    char *inputs, *x, *y; /* device: af_step_inputs and coefficients; samples */
    char *message;        /* host: what goes to inputs */
    size_t message_size, x_size, y_size;
    af_step_results *results; /* device */
    double *sample_loss;
    float *scale, *shift;
    af_range *runs;  /* host */
    char *mirror[2]; /* host: of weights or gradients, of buffers */
    double *mix;     /* host: of mix_partials */
    unsigned char *key;
    size_t key_size;
    tape tapes[RECORDINGS];
    uint64_t clock;
};

void *af_plan_alloc(const af_plan *p, size_t bytes)
{
    return p->on ? p->on->alloc(p->device, bytes) : af_calloc(bytes, 1);
}

void af_plan_release(const af_plan *p, void *memory)
{
    if (p->on)
        p->on->free(p->device, memory);
    else
        af_free(memory);
}

/* ---- making ---- */

static size_t target_size(const af_plan *p)
{
    if (!p->o.loss) return 1;
    if (p->o.loss->target == AF_TARGET_CLASS) return sizeof(int32_t);
    return (size_t)af_shape_size(p->node[p->output].node.shape) * sizeof(float);
}

af_status af_device_copy(const af_plan *p, float **out, const float *from, size_t count)
{
    if (!from) return AF_OK;
    *out = af_plan_alloc(p, count * sizeof *from);
    if (!*out) return AF_ENOMEM;
    p->on->send(p->device, *out, from, count * sizeof *from);
    return AF_OK;
}

static af_status host_memory(af_plan *p)
{
    af_device_side *s = p->side;
    size_t tensors = 1;
    for (int i = 0; i < p->nodes; i++) tensors += (size_t)p->node[i].param_count;
    s->key_size = (size_t)p->coefficient_count + 6;
    s->message = af_calloc(1, s->message_size);
    s->runs = af_calloc(tensors, sizeof *s->runs);
    s->mirror[0] = af_calloc((size_t)p->weight_count + 1, p->item_size);
    s->mirror[1] = af_calloc((size_t)p->buffer_count + 1, p->item_size);
    s->mix = af_calloc(p->mix_partial_count + 1, sizeof *s->mix);
    s->key = af_calloc(RECORDINGS + 1, s->key_size);
    if (!s->message || !s->runs || !s->mirror[0] || !s->mirror[1] || !s->mix || !s->key)
        return AF_ENOMEM;
    for (int i = 0; i < RECORDINGS; i++) s->tapes[i].key = s->key + (size_t)(i + 1) * s->key_size;
    return AF_OK;
}

af_status af_device_side_new(af_plan *p)
{
    af_device_side *s = p->side;
    size_t batch = (size_t)p->o.batch;
    s->message_size =
        sizeof(af_step_inputs) + ((size_t)p->coefficient_count + 1) * sizeof *p->coefficients;
    s->x_size = (size_t)af_shape_size(p->node[p->input].node.shape) * sizeof(float);
    s->y_size = target_size(p);
    AF_TRY(host_memory(p));
    s->inputs = af_plan_alloc(p, s->message_size);
    s->x = af_plan_alloc(p, s->x_size * batch);
    s->y = af_plan_alloc(p, s->y_size * batch);
    s->results = af_plan_alloc(p, sizeof *s->results);
    s->sample_loss = af_plan_alloc(p, 2 * batch * sizeof *s->sample_loss);
    if (!s->inputs || !s->x || !s->y || !s->results || !s->sample_loss) return AF_ENOMEM;
    if (p->o.input && p->on->compose) AF_TRY(af_composer_new(p));
    p->o.input = NULL;
    const size_t outputs = (size_t)af_shape_size(p->node[p->output].node.shape);
    AF_TRY(af_device_copy(p, &s->scale, p->o.scale, outputs));
    return af_device_copy(p, &s->shift, p->o.shift, outputs);
}

af_status af_device_open(af_plan *p)
{
    p->side = af_calloc(1, sizeof *p->side);
    if (!p->side) return AF_ENOMEM;
    if (p->o.params_of) {
        p->device = p->o.params_of->device;
        return AF_OK;
    }
    p->side->own = true;
    return p->on->open(&p->device);
}

void af_device_side_free(af_plan *p)
{
    af_device_side *s = p->side;
    if (!s) return;
    for (int i = 0; i < RECORDINGS; i++) p->on->forget(p->device, s->tapes[i].work);
    af_composer_free(p);
    void *there[] = {s->inputs, s->x, s->y, s->results, s->sample_loss, s->scale, s->shift};
    void *here[] = {s->message, s->runs, s->mirror[0], s->mirror[1], s->mix, s->key};
    for (size_t i = 0; p->device && i < sizeof there / sizeof *there; i++)
        p->on->free(p->device, there[i]);
    for (size_t i = 0; i < sizeof here / sizeof *here; i++) af_free(here[i]);
    if (s->own) p->on->close(p->device);
    af_free(s);
}

/* ---- a step ---- */

/* The last samples of a short inference are zeros. */
static void send_samples(const af_plan_job *j)
{
    const af_plan *p = j->p;
    af_device_side *s = p->side;
    size_t n = (size_t)j->n, rest = (size_t)p->o.batch - n;
    if (j->x) p->on->send(p->device, s->x, j->x, n * s->x_size);
    if (j->x && rest) p->on->clear(p->device, s->x + n * s->x_size, rest * s->x_size);
    if (j->y) p->on->send(p->device, s->y, j->y, n * s->y_size);
}

static void send_inputs(const af_plan_job *j)
{
    const af_plan *p = j->p;
    af_device_side *s = p->side;
    const af_update none = {.lr = 0};
    const af_update *u = j->update ? j->update : &none;
    af_step_inputs in = {.at = j->at,
                         .samples = j->n,
                         .rows = j->x ? 0 : af_composer_rows(p),
                         .momentum = j->momentum,
                         .clip = u->clip,
                         .update = af_update_terms_of(u)};
    memcpy(s->message, &in, sizeof in);
    memcpy(s->message + sizeof in, p->coefficients,
           (size_t)p->coefficient_count * sizeof *p->coefficients);
    p->on->send(p->device, s->inputs, s->message, s->message_size);
}

/* Everything that decides which work is queued. */
static void make_key(const af_plan_job *j)
{
    const af_plan *p = j->p;
    unsigned char *k = p->side->key;
    const af_update *u = j->update;
    *k++ = j->x == NULL;
    *k++ = !j->x && af_composer_masks(p);
    *k++ = j->y != NULL;
    *k++ = j->momentum >= 0;
    *k++ = u ? (unsigned char)(1 + u->kind) : 0;
    *k++ = u && u->clip > 0;
    for (int i = 0; i < p->coefficient_count; i++) *k++ = p->coefficients[i] != 0;
}

/* This step's tape, or the longest unused one in its place. */
static tape *find_tape(af_plan *p, bool *known)
{
    af_device_side *s = p->side;
    tape *oldest = &s->tapes[0];
    for (int i = 0; i < RECORDINGS; i++) {
        tape *t = &s->tapes[i];
        *known = t->used && memcmp(t->key, s->key, s->key_size) == 0;
        if (*known) return t;
        if (t->used < oldest->used) oldest = t;
    }
    p->on->forget(p->device, oldest->work);
    oldest->work = NULL;
    memcpy(oldest->key, s->key, s->key_size);
    return oldest;
}

af_status af_device_run(af_plan_job *j, void (*work)(void *job, int thread))
{
    af_plan *p = j->p;
    bool known;
    send_samples(j);
    send_inputs(j);
    make_key(j);
    tape *t = find_tape(p, &known);
    t->used = ++p->side->clock;
    if (!known || p->seconds) {
        work(j, 0);
        return AF_OK;
    }
    if (!t->work) {
        AF_TRY(p->on->record(p->device));
        work(j, 0);
        AF_TRY(p->on->recorded(p->device, &t->work));
    }
    p->on->play(p->device, t->work);
    return AF_OK;
}

float *af_device_x(const af_plan *p)
{
    return (float *)(void *)p->side->x;
}

const af_step_inputs *af_device_inputs(const af_plan *p)
{
    return (const af_step_inputs *)(const void *)p->side->inputs;
}

const double *af_device_coefficients(const af_plan *p)
{
    return (const double *)(const void *)(p->side->inputs + sizeof(af_step_inputs));
}

static float *output_tensor(const af_plan *p, const af_tensor *t)
{
    return (float *)(void *)((t->local ? p->local_memory : p->batch_memory) + t->offset);
}

void af_device_loss_call(const af_plan *p, bool has_target)
{
    const af_device_side *s = p->side;
    const af_step_node *n = &p->node[p->output];
    const af_device_loss l = {.loss = has_target ? p->o.loss : NULL,
                              .shape = n->node.shape,
                              .n = p->o.batch,
                              .pred = output_tensor(p, &n->value),
                              .dpred = p->o.train ? output_tensor(p, &n->gradient) : NULL,
                              .target = s->y,
                              .scale = s->scale,
                              .shift = s->shift,
                              .sample_loss = s->sample_loss,
                              .inputs = af_device_inputs(p),
                              .results = s->results};
    p->on->loss(p->device, &l);
}

static float *floats(char *flat)
{
    return (float *)(void *)flat;
}

void af_device_update_call(const af_plan *p, const af_update *u)
{
    af_device_side *s = p->side;
    if (!u) return;
    for (int i = 0; i < p->run_count; i++)
        s->runs[i] = (af_range){p->runs[i].from, p->runs[i].count};
    const af_device_update d = {.kind = u->kind,
                                .clips = u->clip > 0,
                                .weights = floats(p->weights),
                                .state = {floats(p->state[0]), floats(p->state[1])},
                                .gradients = floats(p->gradients),
                                .runs = s->runs,
                                .run_count = p->run_count,
                                .inputs = af_device_inputs(p),
                                .results = s->results};
    p->on->update(p->device, &d);
}

/* ---- looking ---- */

af_status af_device_results(const af_plan *p, af_step_results *out, bool anew)
{
    AF_TRY(p->on->fetch(p->device, out, p->side->results, sizeof *out));
    if (anew) p->on->clear(p->device, p->side->results, sizeof *out);
    return AF_OK;
}

af_status af_device_prediction(const af_plan *p, int n, float *pred)
{
    const af_step_node *out = &p->node[p->output];
    size_t size = (size_t)n * (size_t)af_shape_size(out->node.shape) * sizeof(float);
    return p->on->fetch(p->device, pred, output_tensor(p, &out->value), size);
}

char *af_device_mirror(const af_plan *p, af_part part)
{
    return p->side->mirror[part == AF_BUFFERS];
}

const double *af_device_mix(const af_plan *p)
{
    double *here = p->side->mix;
    size_t count = p->mix_partial_count;
    if (count && p->on->fetch(p->device, here, p->mix_partials, count * sizeof *here) != AF_OK)
        for (size_t i = 0; i < count; i++) here[i] = NAN;
    return here;
}
