"""Makes auroc.npz, scikit-learn's answers for tests/test_auroc.c: p00, t00 ... are predictions and targets
of a case, `want` the mean over the labels that have both kinds of targets.

    python3 tests/golden/auroc.py        the file in place is of numpy 2.4.6, scikit-learn 1.9.1
"""
import numpy as np
from sklearn.metrics import roc_auc_score

rng = np.random.default_rng(360)


def drawn(n, labels, rate, bias=1.0):
    t = rng.random((n, labels)) < rate
    return rng.normal(size=(n, labels)) + bias * t, t


def cases():
    yield drawn(50, 36, 0.5)
    yield drawn(200, 5, 0.1)
    yield drawn(900, 3, 0.01)
    yield drawn(37, 1, 0.3)
    p, t = drawn(90, 8, 0.4)
    yield np.round(p), t  # many ties
    yield np.round(3 * p) / 3, t
    yield -p, t  # worse than chance
    yield np.zeros_like(p), t  # one tie
    yield np.where(t, 1.0, -1.0), t  # perfect
    yield np.where(t, -1.0, 1.0), t  # perfectly wrong
    yield np.sort(p, axis=0), t
    yield 1e30 * p, t
    yield 1e-40 * p, t  # subnormal in float32
    yield 1 + 1e-7 * p, t  # neighbours in float32
    yield np.where(p > 0, 0.0, -0.0), t  # zeros of both signs are equal
    one = t.copy()
    one[:, 2], one[:, 5] = False, True  # labels without positives, without negatives
    yield p, one
    lone = np.zeros_like(t)
    lone[np.arange(8), np.arange(8)] = True  # one positive each
    yield p, lone
    yield p, ~lone
    yield np.array([[1.0], [1.0]]), np.array([[True], [False]])
    yield np.array([[0.25, 1.0], [0.5, 0.0], [0.5, 3.0]]), np.array([[0, 1], [1, 0], [0, 1]]) > 0


arrays, want = {}, []
for k, (p, t) in enumerate(cases()):
    p = p.astype(np.float32)
    both = [c for c in range(t.shape[1]) if 0 < t[:, c].sum() < len(t)]
    want.append(np.mean([roc_auc_score(t[:, c], p[:, c]) for c in both]))
    arrays["p%02d" % k], arrays["t%02d" % k] = p, t.astype(np.uint8)
np.savez_compressed("tests/golden/auroc.npz", want=np.array(want), **arrays)
print(len(want), want)
