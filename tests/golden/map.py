"""Writes map.txt: mean average precisions by scikit-learn's average_precision_score, for tests/test_map.c.

    python map.py > map.txt

A case is a line: samples, classes, score, then predictions (float32) and targets by sample. The score is the
mean over classes that have a positive; the script asserts that scikit-learn gives the others 0.
"""
import warnings

import numpy as np
from sklearn.metrics import average_precision_score

rng = np.random.default_rng(360)


def show(pred, target):
    pred, target = np.float32(pred), np.float32(target)
    values = []
    for c in range(pred.shape[1]):
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ap = average_precision_score(target[:, c], pred[:, c])
        if target[:, c].any():
            values.append(ap)
        else:
            assert ap == 0
    numbers = " ".join("%.9g" % v for v in pred.ravel()) + "  " + " ".join("%d" % v for v in target.ravel())
    print(*pred.shape, "%.17g" % np.mean(values), numbers)


for n, c, rate in (1, 1, 1), (2, 1, 0.5), (30, 5, 0.3), (40, 6, 0.1), (25, 3, 0.9), (40, 1, 0.5):
    target = rng.random((n, c)) < rate                      # plain, from useless to nearly right
    target[0] = True
    show(rng.normal(size=(n, c)) + 1.5 * rng.random() * target, target)
for levels in 1, 2, 3, 7:                                   # ties, all equal first
    target = rng.random((32, 4)) < 0.4
    target[3] = True
    show(rng.integers(levels, size=(32, 4)) + (levels > 2) * target, target)
up = np.arange(12.0)[:, None]
last = up == 11
show(up, last)                                              # perfect, as wrong as can be, all positive
show(-up, last)
show(up, last | True)
show(np.zeros((12, 1)), last)
show(up * 1e-44, up > 5)                                    # denormal; huge; zeros of both signs
show((up - 6) * 3e38 / 7, up > 5)
show(np.where(up % 2, 0.0, -0.0), up < 3)
near = 1 + up * 2.0 ** -23                                  # neighbours in float32; none positive in a class
show(near, up % 3 == 0)
show(np.hstack([up, -up, up]), np.hstack([up > 8, up > 20, up == 4]))
show(rng.normal(size=(60, 8)).round(1), rng.random((60, 8)) < 0.05)
