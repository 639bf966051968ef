/* The losses of core/train/loss.c, in double as there. A prediction is decoded as it is first read.
 *
 * Where the gradient of an element needs no other element (bce, mse), one reduction does all: it
 * decodes, writes the gradient and adds up. The others (cross_entropy, relative_l2) first reduce
 * each sample to its loss and what gradients need; a second reduction writes the gradients and adds
 * up the samples. */
#include "core/backends/cuda/gpu.h"
#include "core/backends/cuda/kernels.h"

namespace
{

/* What the kernels see: a sample is `size` elements. */
struct batch {
    int64_t size, n;
    float *pred, *dpred;
    const void *target;
    const float *scale, *shift;
    double *sample_loss, *sample_slope; /* {n} each */
    const af_step_inputs *inputs;
    af_step_results *results;

    /* 64-bit division is slow. */
    AF_KERNEL int64_t sample_of(int64_t i) const
    {
        return n * size <= UINT32_MAX ? (uint32_t)i / (uint32_t)size : i / size;
    }
    AF_KERNEL bool counts(int64_t sample) const
    {
        return sample < get(&inputs->samples, 0);
    }
    /* The i-th element, which is number `at` of its sample. */
    AF_KERNEL double decode(int64_t i, int64_t at) const
    {
        float p = get(pred, i);
        if (!scale) return p;
        p = (float)((double)p * get(scale, at) + get(shift, at));
        put(pred, i, p);
        return p;
    }
    /* Of the sum of the losses; the mean is over all n, and the decoding is on the way back. */
    AF_KERNEL void gradient(int64_t i, int64_t at, double slope) const
    {
        float d = (float)slope;
        put(dpred, i, scale ? (float)((double)d * get(scale, at)) : d);
    }
    AF_KERNEL void finish(double loss) const
    {
        double mean = loss / (double)n;
        put(&results->loss, 0, loss);
        put(&results->sum, 0, get(&results->sum, 0) + mean);
        if (isfinite(mean) || get(&results->bad, 0)) return;
        put(&results->bad, 0, (uint32_t)1);
        put(&results->bad_loss, 0, mean);
        put(&results->bad_epoch, 0, get(&inputs->at.epoch, 0));
        put(&results->bad_step, 0, get(&inputs->at.step, 0));
    }
};

struct decode_only {
    batch b;
    AF_KERNEL void operator()(int64_t i) const
    {
        b.decode(i, i - b.sample_of(i) * b.size);
    }
};

/* ---- losses of single elements: value and slope by p ---- */

struct term {
    double loss, slope;
};

struct mse {
    static AF_KERNEL term of(double p, float t)
    {
        double error = p - t;
        return {error * error, 2 * error};
    }
};

struct bce {
    static AF_KERNEL term of(double p, float t)
    {
        double e = exp(-fabs(p)), sigmoid = p >= 0 ? 1 / (1 + e) : e / (1 + e);
        return {(p < 0 ? 0 : p) - p * t + log1p(e), sigmoid - t};
    }
};

template <class L> struct elementwise {
    typedef sums<1> sum;
    batch b;
    AF_KERNEL void add(sum &s, int, int64_t i) const
    {
        int64_t sample = b.sample_of(i), at = i - sample * b.size;
        double p = b.decode(i, at), slope = 0;
        if (b.counts(sample)) {
            float t = get((const float *)b.target, i);
            if (t == t) { /* NaN: no target */
                term v = L::of(p, t);
                s.v[0] += v.loss;
                slope = v.slope * (1 / (double)b.n / (double)b.size);
            }
        }
        if (b.dpred) b.gradient(i, at, slope);
    }
    AF_KERNEL void done(int, const sum &s) const
    {
        b.finish(s.v[0] / (double)b.size);
    }
};

/* ---- cross-entropy ---- */

/* sum of exp(p - max), and p of the class that is right. */
struct log_sum_exp {
    double max, sum, right;
    AF_KERNEL void clear()
    {
        max = -INFINITY;
        sum = right = 0;
    }
    /* A NaN is never the maximum, and stays in the sum. */
    AF_KERNEL void merge(const log_sum_exp &other)
    {
        double most = other.max > max ? other.max : max;
        sum = sum * shrink(max, most) + other.sum * shrink(other.max, most);
        right += other.right;
        max = most;
    }
    static AF_KERNEL double shrink(double from, double to)
    {
        return from == to ? 1 : exp(from - to);
    }
};

struct cross_entropy {
    typedef log_sum_exp sum;
    batch b;
    AF_KERNEL void add(sum &s, int sample, int64_t k) const
    {
        double p = b.decode(sample * b.size + k, k);
        if (b.counts(sample)) s.merge({p, 1, k == label(b, sample) ? p : 0});
    }
    /* With an infinite maximum there is no loss: max - max. */
    AF_KERNEL void done(int sample, const sum &s) const
    {
        if (!b.counts(sample)) return;
        int32_t right = label(b, sample);
        bool known = right >= 0 && right < b.size;
        double loss = log(s.sum) - (s.right - s.max) + (s.max - s.max);
        put(b.sample_loss, sample, known ? loss : (double)NAN);
        put(b.sample_slope, sample, s.max + log(s.sum));
    }
    static AF_KERNEL int32_t label(const batch &b, int64_t sample)
    {
        return get((const int32_t *)b.target, sample);
    }
    static AF_KERNEL double slope(const batch &b, int64_t sample, int64_t i, int64_t k)
    {
        double share = exp(get(b.pred, i) - get(b.sample_slope, sample));
        return (share - (k == label(b, sample))) * (1 / (double)b.n);
    }
};

/* ---- relative error ---- */

struct relative_l2 {
    typedef sums<2> sum;
    batch b;
    AF_KERNEL void add(sum &s, int sample, int64_t at) const
    {
        int64_t i = sample * b.size + at;
        double p = b.decode(i, at);
        if (!b.counts(sample)) return;
        float t = get((const float *)b.target, i);
        if (t != t) return;
        s.v[0] += (p - t) * (p - t);
        s.v[1] += (double)t * t;
    }
    /* At a perfect prediction the norm has a kink; 0 is its subgradient of least size. */
    AF_KERNEL void done(int sample, const sum &s) const
    {
        double error = sqrt(s.v[0]), norm = sqrt(s.v[1]);
        if (!b.counts(sample)) return;
        put(b.sample_loss, sample, error / norm);
        put(b.sample_slope, sample, s.v[0] == 0 ? 0 : 1 / (double)b.n / (error * norm));
    }
    static AF_KERNEL double slope(const batch &b, int64_t sample, int64_t i, int64_t)
    {
        float t = get((const float *)b.target, i);
        return t != t ? 0 : ((double)get(b.pred, i) - t) * get(b.sample_slope, sample);
    }
};

/* ---- samples that were reduced: gradients, and the sum ---- */

template <class L> struct samplewise {
    typedef sums<1> sum;
    batch b;
    AF_KERNEL void add(sum &s, int, int64_t i) const
    {
        int64_t sample = b.sample_of(i), at = i - sample * b.size;
        bool counts = b.counts(sample);
        if (at == 0 && counts) s.v[0] += get(b.sample_loss, sample);
        b.gradient(i, at, counts ? L::slope(b, sample, i, at) : 0);
    }
    AF_KERNEL void done(int, const sum &s) const
    {
        b.finish(s.v[0]);
    }
};

struct total {
    typedef sums<1> sum;
    batch b;
    AF_KERNEL void add(sum &s, int, int64_t sample) const
    {
        if (b.counts(sample)) s.v[0] += get(b.sample_loss, sample);
    }
    AF_KERNEL void done(int, const sum &s) const
    {
        b.finish(s.v[0]);
    }
};

template <class L> void reduce_samples(af_device *d, const char *name, const batch &b)
{
    reduce(d, name, (int)b.n, b.size, true, L{b});
    if (b.dpred)
        reduce(d, "loss_gradient", 1, b.n * b.size, true, samplewise<L>{b});
    else
        reduce(d, "loss_total", 1, b.n, true, total{b});
}

/* A loss that has no kernel here is no number, nor its gradient: the training is reported as
 * failed. */
struct unknown {
    batch b;
    AF_KERNEL void operator()(int64_t i) const
    {
        if (b.dpred) put(b.dpred, i, NAN);
        if (i == 0) b.finish(NAN);
    }
};

} // namespace

extern "C" void AF_GPU(loss)(af_device *d, const af_device_loss *l)
{
    batch b = {af_shape_size(l->shape),
               l->n,
               l->pred,
               l->dpred,
               l->target,
               l->scale,
               l->shift,
               l->sample_loss,
               l->sample_loss + l->n,
               l->inputs,
               l->results};
    int64_t all = b.n * b.size;
    if (!l->loss && l->scale)
        each(d, "decode", all, decode_only{b});
    else if (l->loss == &af_loss_mse)
        reduce(d, "mse", 1, all, true, elementwise<mse>{b});
    else if (l->loss == &af_loss_bce)
        reduce(d, "bce", 1, all, true, elementwise<bce>{b});
    else if (l->loss == &af_loss_cross_entropy)
        reduce_samples<cross_entropy>(d, "cross_entropy", b);
    else if (l->loss == &af_loss_relative_l2)
        reduce_samples<relative_l2>(d, "relative_l2", b);
    else if (l->loss)
        each(d, "unknown loss", all, unknown{b});
}
