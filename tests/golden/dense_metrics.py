"""Writes dense_metrics.h5: random and adversarial cases with the values of mae8, mae8_paper,
pixel_auroc and pixel_auroc_paper, by numpy and scikit-learn. Needs numpy, scikit-learn, h5py.

MAE8 is written as NAS-Bench-360 describes it: loops over pairs, maps symmetrised in place.
"""
import os

import h5py
import numpy as np
from sklearn.metrics import roc_auc_score

here = os.path.dirname(os.path.abspath(__file__))
rng = np.random.default_rng(8)


def assemble(tiles):
    g = int(round(len(tiles) ** 0.5))
    t = tiles.shape[-1]
    whole = np.zeros((g * t, g * t), tiles.dtype)
    for k, tile in enumerate(tiles):
        whole[k // g * t:(k // g + 1) * t, k % g * t:(k % g + 1) * t] = tile
    return whole


def mae8(pred, target, mask, paper):
    pred = pred.astype(np.float64).copy()
    n = len(pred)
    if paper:
        for j in range(n):
            for k in range(j, n):
                pred[j, k] = (pred[j, k] + pred[k, j]) / 2
        pred[pred < 0.01] = 0.01
    average = np.full((n, n), 100.0)
    for j in range(n):
        for k in range(j, n):
            average[j, k] = (pred[j, k] + pred[k, j]) / 2
    errors = [abs(float(target[p, q]) - average[p, q]) for p in range(n) for q in range(p + 24, n)
              if mask[p, q] and target[p, q] <= 8]
    return np.mean(errors) if errors else np.nan


def protein_case(k):
    tile, fewest, most = [(9, 3, 4), (13, 2, 3), (27, 1, 1)][int(rng.integers(3))]
    maps = []
    for _ in range(int(rng.integers(1, 3))):
        g = int(rng.integers(fewest, most + 1))
        side = g * tile
        y = (rng.integers(16, 256, (side, side)) / 16).astype(np.float32)
        y = np.minimum(y, y.T)
        mask = np.ones((side, side), np.uint8)
        length = int(rng.integers(max(side - tile + 1, 26), side + 1))
        mask[length:] = mask[:, length:] = 0
        y[length:] = y[:, length:] = 16
        p = (np.round(rng.normal(8, 6, (side, side)) * 16) / 16).astype(np.float32)  # asymmetric, some below 0
        maps.append((g, y, p, mask))
    if k % 5 == 1:  # targets exactly at the limit
        for _, y, _, _ in maps:
            y[y < 10] = 8
    if k % 5 == 2:  # a protein without contacts is left out
        maps[0][1][:] = 12
        g, y, p, mask = maps[0]
        maps.append((g, np.full_like(y, 5), p, np.ones_like(mask)))
    if k % 5 == 3:  # unknown pairs in the middle
        for _, y, _, mask in maps:
            hole = rng.random(y.shape) < 0.3
            hole |= hole.T
            mask[hole] = 0
            y[hole] = 0
    if k % 5 == 4:  # a wide range
        for _, _, p, _ in maps:
            p *= 1e3
    pieces = [(g, *(np.stack([v[r * tile:(r + 1) * tile, c * tile:(c + 1) * tile]
                              for r in range(g) for c in range(g)]) for v in (y, p, mask)))
              for g, y, p, mask in maps]
    group = np.concatenate([np.full(len(m[1]), i * 3 + 1, np.int32) for i, m in enumerate(pieces)])
    y, p, mask = (np.concatenate([m[i] for m in pieces]) for i in (1, 2, 3))
    clean, paper = [], []
    for i in np.unique(group):
        at = group == i
        args = [assemble(v[at]) for v in (p, y, mask)]
        clean.append(mae8(*args, False))
        args[2] = np.ones_like(args[2])  # the protocol has no mask
        paper.append(mae8(*args, True))
    return y, p, mask, group, np.nanmean(clean), np.nanmean(paper)


def pixel_case(k):
    n, tile = int(rng.integers(1, 5)), int(rng.choice([3, 8, 17]))
    y = (rng.random((n, tile, tile)) < rng.choice([0.02, 0.2, 0.6])).astype(np.float32)
    p = (np.round(rng.normal(0, 2, y.shape) * 64) / 64 + y * rng.choice([0, 1, 3])).astype(np.float32)
    mask = (rng.random(y.shape) < 0.8).astype(np.uint8)
    if k % 5 == 1:
        p = np.round(p)  # many ties
    if k % 5 == 2:
        p = np.full_like(p, 0.5)  # nothing but ties, at the threshold
    if k % 5 == 3:
        p = np.where(p > 0, np.float32(0), np.float32(-0.0)) * np.float32(1)  # two zeros
        p[0, 0, 0] = np.nextafter(np.float32(0.5), np.float32(1))
    if k % 5 == 4:
        p = (p * 1e30).astype(np.float32)
    y[0, 0, :2] = 0, 1  # both kinds, and not masked
    mask[0, 0, :2] = 1
    group = np.arange(n, dtype=np.int32)
    keep = mask > 0
    clean = roc_auc_score(y[keep], p[keep])
    paper = roc_auc_score(y.ravel(), (p > 0.5).astype(int).ravel())
    return y, p, mask, group, clean, paper


# all cases of a kind one after another, so that the file stays small
with h5py.File(f"{here}/dense_metrics.h5", "w", libver=("v108", "v110")) as f:
    for kind, make in (("protein", protein_case), ("pixel", pixel_case)):
        cases = [make(k) for k in range(20)]
        columns = {name: np.concatenate([c[i].ravel() for c in cases])
                   for i, name in enumerate(("y", "pred", "mask", "group"))}
        columns["samples"] = np.array([len(c[0]) for c in cases], np.int32)
        columns["tile"] = np.array([c[0].shape[-1] for c in cases], np.int32)
        columns["clean"], columns["paper"] = (np.array([c[i] for c in cases]) for i in (4, 5))
        for name, values in columns.items():
            f.create_dataset(f"{kind}/{name}", data=values, compression="gzip",
                             compression_opts=9, shuffle=True)
