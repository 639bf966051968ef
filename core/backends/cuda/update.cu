/* The optimisers of core/train/optimiser.c, in their order of operations, in one pass over the
 * runs of the flat parameters. Clipping needs the norm of all gradients first. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/kernels.h"

namespace
{

enum { RUNS = 64, ELEMENTS = 4 }; /* runs a launch; elements a thread, when there are many */

/* Elements of some runs, counted through. */
struct span {
    int runs;
    int64_t end[RUNS], from[RUNS];
    AF_KERNEL int64_t place(int64_t i) const
    {
        int low = 0;
        for (int high = runs - 1; low < high;) {
            int middle = (low + high) / 2;
            if (i < end[middle])
                high = middle;
            else
                low = middle + 1;
        }
        return from[low] + i - (low ? end[low - 1] : 0);
    }
};

span span_of(const af_range *runs, int count)
{
    span s = {.runs = count};
    for (int i = 0; i < count; i++) {
        s.from[i] = runs[i].from;
        s.end[i] = (i ? s.end[i - 1] : 0) + runs[i].count;
    }
    return s;
}

/* The sum goes on from run to run of a launch, and from launch to launch. */
struct squares {
    typedef sums<1> sum;
    span s;
    const float *gradients;
    af_step_results *results;
    bool first;
    AF_KERNEL void add(sum &total, int, int64_t i) const
    {
        double g = get(gradients, s.place(i));
        total.v[0] += g * g;
    }
    AF_KERNEL void done(int, const sum &total) const
    {
        put(&results->squares, 0, (first ? 0 : get(&results->squares, 0)) + total.v[0]);
    }
};

/* ---- single elements ---- */

/* Without momentum the state is left alone. */
struct sgd {
    float lr, momentum, decay, ahead, behind;
    AF_KERNEL explicit sgd(const af_update_terms *t)
        : lr((float)get(&t->lr, 0)), momentum((float)get(&t->momentum, 0)),
          decay((float)get(&t->decay, 0)), ahead((float)get(&t->ahead, 0)),
          behind((float)get(&t->behind, 0))
    {
    }
    AF_KERNEL void step(float *w, float *const *state, int64_t i, float g) const
    {
        float v = get(w, i), d = g + decay * v;
        if (momentum != 0) {
            float buffer = momentum * get(state[0], i) + d;
            put(state[0], i, buffer);
            d = ahead * d + behind * buffer;
        }
        put(w, i, v - lr * d);
    }
};

struct adam {
    float decay, shrink, rate1, beta2, rate2, rate, correction, epsilon;
    AF_KERNEL explicit adam(const af_update_terms *t)
        : decay((float)get(&t->decay, 0)), shrink((float)get(&t->shrink, 0)),
          rate1((float)get(&t->rate1, 0)), beta2((float)get(&t->beta2, 0)),
          rate2((float)get(&t->rate2, 0)), rate((float)get(&t->step, 0)),
          correction((float)get(&t->correction, 0)), epsilon((float)get(&t->epsilon, 0))
    {
    }
    AF_KERNEL void step(float *w, float *const *state, int64_t i, float g) const
    {
        float p = get(w, i), d = g + decay * p, m = get(state[0], i), v = get(state[1], i);
        m += rate1 * (d - m);
        v = v * beta2 + rate2 * d * d;
        put(state[0], i, m);
        put(state[1], i, v);
        put(w, i, p * shrink - rate * m / (sqrtf(v) / correction + epsilon));
    }
};

/* Thread i has elements i, i + threads ... */
template <class O> struct update {
    span s;
    int64_t elements, threads;
    bool clips;
    float *weights, *state[AF_OPTIMISER_STATE];
    const float *gradients;
    const af_step_inputs *inputs;
    const af_step_results *results;
    AF_KERNEL void operator()(int64_t i) const
    {
        const O o(&inputs->update);
        float scale = clips ? clip_scale() : 1;
        for (; i < elements; i += threads) {
            int64_t at = s.place(i);
            o.step(weights, state, at, get(gradients, at) * scale);
        }
    }
    /* Brings the norm down to `clip`; as clip_scale of core/plan/update.c. */
    AF_KERNEL float clip_scale() const
    {
        double most = get(&inputs->clip, 0) / (sqrt(get(&results->squares, 0)) + 1e-6);
        return most < 1 ? (float)most : 1;
    }
};

template <class O> void run_update(af_device *d, const af_device_update *u)
{
    for (int at = 0; at < u->run_count; at += RUNS) {
        int count = u->run_count - at < RUNS ? u->run_count - at : RUNS;
        span s = span_of(u->runs + at, count);
        int64_t elements = s.end[count - 1], threads = elements;
        if (threads > 1 << 18) threads = (elements + ELEMENTS - 1) / ELEMENTS;
        each(d, "update", threads,
             update<O>{s,
                       elements,
                       threads,
                       u->clips,
                       u->weights,
                       {u->state[0], u->state[1]},
                       u->gradients,
                       u->inputs,
                       u->results});
    }
}

void add_squares(af_device *d, const af_device_update *u)
{
    for (int at = 0; at < u->run_count; at += RUNS) {
        int count = u->run_count - at < RUNS ? u->run_count - at : RUNS;
        span s = span_of(u->runs + at, count);
        reduce(d, "squares", 1, s.end[count - 1], true,
               squares{s, u->gradients, u->results, at == 0});
    }
}

} // namespace

extern "C" void AF_GPU(update)(af_device *d, const af_device_update *u)
{
    if (u->clips) add_squares(d, u);
    if (u->kind == AF_SGD)
        run_update<sgd>(d, u);
    else
        run_update<adam>(d, u);
}
