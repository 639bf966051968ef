"""Writes losscurve_<case>.h5: fifty training steps in PyTorch: in double, in float, and
in float with activations in bf16 where torch.autocast puts them.

    test_losscurve --write DIR                     the networks' text and initial weights
    python losscurve.py DIR RAW OUT                RAW holds ecg/cinc2017_validation (records of the
                                                   PhysioNet/CinC Challenge 2017, ODC-BY 1.0) and
                                                   darcy/neuralop_pt/darcy_train_16.pt (neuraloperator, MIT)

The double curves come out the same everywhere; the others depend on the kernels that PyTorch picks, hence
on the processor and the number of threads.

The network is run from its text, op by op, with torch.nn.functional: nothing of Afield is called.
"""
import os
import sys

import h5py
import numpy as np
import torch
import torch.nn.functional as F

STEPS = 50


def parse(text):
    nodes = []
    for line in text.strip().split("\n"):
        head, _, shape = line.partition(" -> ")
        words = head.split()
        node = {"op": words[1], "in": [], "shape": [int(v) for v in shape.split("x")]}
        for w in words[2:]:
            if w.lstrip("-").isdigit():
                node["in"].append(int(w))
            elif "=" in w:
                k, v = w.split("=")
                node[k] = [float(p) for p in v.replace("x", ",").split(",")]
            else:
                node[w] = True
        nodes.append(node)
    return nodes


def ints(node, key, default):
    return [int(v) for v in node.get(key, default)]


class Net:
    def __init__(self, nodes, weights, dtype):
        self.nodes, self.params, at = nodes, [], 0
        for n in nodes:
            c = nodes[n["in"][0]]["shape"][0] if n["in"] else 0
            shapes = []
            if n["op"] == "conv":
                groups = ints(n, "groups", [1])[0]
                shapes = [(ints(n, "out", [0])[0], c // groups, *ints(n, "kernel", [1, 1]))]
                shapes += [(shapes[0][0],)] if n.get("bias") else []
            elif n["op"] == "linear":
                shapes = [(ints(n, "out", [0])[0], c)]
                shapes += [(shapes[0][0],)] if n.get("bias") else []
            elif n["op"] == "batch_norm":
                shapes = [(c,), (c,)]
            own = []
            for s in shapes:
                size = int(np.prod(s))
                own.append(torch.tensor(weights[at:at + size].reshape(s), dtype=dtype, requires_grad=True))
                at += size
            self.params.append(own)
        assert at == len(weights), (at, len(weights))

    def __call__(self, x):
        v = []
        for n, p in zip(self.nodes, self.params):
            a = [v[i] for i in n["in"]]
            op, pad = n["op"], ints(n, "pad", [0, 0, 0, 0])
            if op == "input":
                y = x
            elif op == "conv":
                t, b, l, r = pad
                y = F.conv2d(F.pad(a[0], (l, r, t, b)), p[0], p[1] if len(p) > 1 else None,
                             stride=ints(n, "stride", [1, 1]), dilation=ints(n, "dilation", [1, 1]),
                             groups=ints(n, "groups", [1])[0])
            elif op == "batch_norm":
                y = F.batch_norm(a[0], None, None, p[0], p[1], training=True, eps=n["epsilon"][0])
            elif op == "relu":
                y = F.relu(a[0])
            elif op == "avg_pool":
                t, b, l, r = pad
                k, s = ints(n, "kernel", [1, 1]), ints(n, "stride", [1, 1])
                area = F.avg_pool2d(F.pad(torch.ones_like(a[0]), (l, r, t, b)), k, s)
                y = F.avg_pool2d(F.pad(a[0], (l, r, t, b)), k, s) / area
            elif op == "global_pool":
                y = a[0].mean(dim=(2, 3), keepdim=True)
            elif op == "linear":
                y = F.linear(a[0].movedim(1, -1), p[0], p[1] if len(p) > 1 else None).movedim(-1, 1)
            elif op == "add":
                y = sum(a[1:], a[0])
            elif op == "zero":
                y = torch.zeros_like(a[0])
            elif op in ("output", "dropout"):
                y = a[0]
            else:
                raise SystemExit("unknown op " + op)
            assert list(y.shape[1:]) == n["shape"], (n, y.shape)
            v.append(y)
        return v[-1]

    def leaves(self):
        return [p for own in self.params for p in own]


def relative_l2(p, t):
    d = (p - t).flatten(1).norm(dim=1)
    return (d / t.flatten(1).norm(dim=1)).mean()


def ecg(raw):
    """Windows of 250 samples (every fourth of the signal, in mV) of records in order, batches of 16."""
    folder = os.path.join(raw, "ecg", "cinc2017_validation")
    rows = [l.strip().split(",") for l in open(os.path.join(folder, "REFERENCE-v3.csv"))]
    x, y = [], []
    for name, label in rows:
        signal = np.fromfile(os.path.join(folder, name + ".mat"), dtype="<i2", offset=24)[::4]
        for start in range(0, len(signal) - 250 + 1, 600):
            x.append(signal[start:start + 250])
            y.append("NAO~".index(label))
    pick = np.random.RandomState(0).permutation(len(x))[:STEPS * 16]
    return np.array(x, dtype=np.float32)[pick] * np.float32(1e-3), np.array(y, dtype=np.int32)[pick]


def darcy(raw):
    data = torch.load(os.path.join(raw, "darcy", "neuralop_pt", "darcy_train_16.pt"), weights_only=True)
    n = STEPS * 8
    a = data["x"][:n].numpy().astype(np.float32) * 2 - 1
    line = np.linspace(0, 1, 16, dtype=np.float32)
    across = np.broadcast_to(line, a.shape)
    down = np.broadcast_to(line[:, None], a.shape)
    return np.stack([a, across, down], axis=1), data["y"][:n].numpy().astype(np.float32)


CASES = {
    "ecg": (ecg, 16, (1, 1, 250), F.cross_entropy, 0.0,
            lambda p: torch.optim.SGD(p, lr=0.05, momentum=0.9, weight_decay=5e-4, nesterov=True)),
    "darcy": (darcy, 8, (3, 16, 16), relative_l2, 1.0,
              lambda p: torch.optim.Adam(p, lr=1e-3, weight_decay=1e-4)),
}


def curve(nodes, weights, x, y, case, dtype, bf16=False):
    _, batch, shape, loss_of, clip, optimiser = CASES[case]
    net = Net(nodes, weights, dtype)
    opt, losses = optimiser(net.leaves()), []
    for s in range(STEPS):
        xb = torch.tensor(x[s * batch:(s + 1) * batch]).reshape(batch, *shape).to(dtype)
        yb = torch.tensor(y[s * batch:(s + 1) * batch])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            out = net(xb)
        out = out.to(dtype)
        loss = loss_of(out.flatten(1), yb.long()) if yb.dim() == 1 else loss_of(out[:, 0], yb.to(dtype))
        opt.zero_grad()
        loss.backward()
        if clip:
            torch.nn.utils.clip_grad_norm_(net.leaves(), clip)
        opt.step()
        losses.append(loss.item())
    return np.array(losses)


def main():
    inputs, raw, out = sys.argv[1:4]
    torch.manual_seed(0)
    torch.use_deterministic_algorithms(True)
    for case, spec in CASES.items():
        text = open(os.path.join(inputs, case + ".graph")).read()
        weights = np.fromfile(os.path.join(inputs, case + ".weights"))
        x, y = spec[0](raw)
        with h5py.File(os.path.join(out, "losscurve_%s.h5" % case), "w") as f:
            f.attrs["torch"] = str(torch.__version__)
            f["graph"] = np.frombuffer(text.encode(), dtype=np.int8)
            f.create_dataset("weights", data=weights.astype(np.float64), compression=9, shuffle=True)
            f.create_dataset("x", data=x, compression=9, shuffle=True)
            f.create_dataset("y", data=y, compression=9, shuffle=True)
            f["loss_float64"] = curve(parse(text), weights, x, y, case, torch.float64)
            f["loss_float32"] = curve(parse(text), weights, x, y, case, torch.float32)
            f["loss_bfloat16"] = curve(parse(text), weights, x, y, case, torch.float32, True)
            print(case, f["loss_float64"][0], f["loss_float64"][-1],
                  *(abs(f[k][:] / f["loss_float64"][:] - 1).max() for k in ("loss_float32", "loss_bfloat16")))


main()
