"""Makes plain_metrics.npz, the answers of scikit-learn and numpy for tests/test_plain_metrics.c. Of case k of
labels: l<k> logits, c<k> targets, `accuracy` and `f1_macro` what they score; of fields: p<k> predictions,
t<k> targets, `mse` and `relative_l2`.

    python3 tests/golden/plain_metrics.py        the file in place is of numpy 2.4.6, scikit-learn 1.9.1
"""
import numpy as np
from sklearn.metrics import accuracy_score, f1_score, mean_squared_error

rng = np.random.default_rng(361)


def drawn(n, classes, skill=1.0, rates=None):
    c = rng.choice(classes, n, p=rates)
    return rng.normal(size=(n, classes)) + skill * np.eye(classes)[c], c


def label_cases():
    yield drawn(1, 2)
    yield drawn(50, 100)  # most classes are in neither
    yield drawn(400, 4, 2)
    yield drawn(300, 4, 1, [0.9, 0.05, 0.04, 0.01])
    yield drawn(200, 2, 0)
    yield drawn(1000, 18, 1.5)
    yield drawn(77, 1)  # one class
    x, c = drawn(120, 5)
    yield np.round(x), c  # ties: the lowest class
    yield np.zeros_like(x), c
    yield -x, c
    yield 1e30 * x, c
    yield 1e-42 * x, c  # subnormal in float32
    yield 1 + 1e-7 * x, c  # neighbours in float32
    yield np.eye(5)[c], c  # perfect
    yield np.eye(5)[(c + 1) % 5], c  # none right
    yield x, np.zeros_like(c)  # one class is there
    yield np.eye(5)[np.full_like(c, 3)], c  # one class is predicted
    yield np.eye(5)[np.full_like(c, 4)], np.full_like(c, 1)
    yield x[:, :3], np.minimum(c, 1)  # a class is only predicted
    yield np.where(x[:, :3] > 0, 0.0, -0.0), np.minimum(c, 2)  # zeros of both signs are equal


def field_cases():
    t = rng.normal(size=(12, 2, 5, 7))
    for scale in (0, 1e-7, 1e-3, 0.1, 1, 10, 1e4):
        yield t + scale * rng.normal(size=t.shape), t
    yield 1e15 * t + 1, 1e15 * t
    yield 1e-18 * t[::-1], 1e-18 * t
    yield np.zeros_like(t), t
    yield -t, t
    yield t + 1, t
    yield 1000 + 1e-3 * t, np.full_like(t, 1000)
    yield t * np.arange(1, 13).reshape(12, 1, 1, 1) ** 6, t * 2  # samples of unequal weight
    one = np.zeros_like(t)
    one[:, 0, 0, 0] = 1
    yield t, one
    yield one, one
    s = rng.normal(size=(1, 1, 1, 1))
    yield s, s + 0.5
    f = rng.normal(size=(3, 1, 17, 17))
    yield f + 0.05 * rng.normal(size=f.shape), f
    yield np.cumsum(f, -1), np.cumsum(f, -2)
    yield np.sign(f), f


arrays = {"accuracy": [], "f1_macro": [], "mse": [], "relative_l2": []}
for k, (x, c) in enumerate(label_cases()):
    x = x.astype(np.float32)
    guess = x.argmax(1)
    arrays["l%02d" % k], arrays["c%02d" % k] = x, c.astype(np.int32)
    arrays["accuracy"].append(accuracy_score(c, guess))
    labels = range(x.shape[1])
    arrays["f1_macro"].append(f1_score(c, guess, average="macro", labels=labels, zero_division=0))
for k, (p, t) in enumerate(field_cases()):
    p, t = p.astype(np.float32), t.astype(np.float32)
    arrays["p%02d" % k], arrays["t%02d" % k] = p, t
    p, t = p.reshape(len(p), -1).astype(float), t.reshape(len(t), -1).astype(float)
    arrays["mse"].append(mean_squared_error(t, p))
    norms = np.linalg.norm(p - t, axis=1) / np.linalg.norm(t, axis=1)
    arrays["relative_l2"].append(norms.mean())
np.savez_compressed("tests/golden/plain_metrics.npz", **arrays)
for name in ("accuracy", "f1_macro", "mse", "relative_l2"):
    print(name, len(arrays[name]), arrays[name])
