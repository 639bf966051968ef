"""PyTorch's answers for tests/test_op.c: run `python tests/golden/ops.py`, paste the rows into the test.

For each case of tests/aid/cases.c, in float64: sum(y * dy) in training and in inference mode and, for
batch norm, sum(running_mean * dy') and the same for running_var. Values follow rig_value() of
tests/aid/call.c. Dropout has no row: its stream is ours.
"""
import torch
import torch.nn.functional as F


def value(shape, k):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    return torch.sin(0.37 * i * i + i + k + 0.5).reshape(shape)


def conv(out, kernel, stride=(1, 1), pad=None, dilation=(1, 1), groups=1, bias=False):
    pad = pad or [k // 2 for k in kernel for _ in range(2)]

    def run(x, train):
        w = 0.5 * value((out, x[0].shape[1] // groups, *kernel), 10)
        b = 0.5 * value((out,), 11) if bias else None
        x = F.pad(x[0], (pad[2], pad[3], pad[0], pad[1]))
        return F.conv2d(x, w, b, stride, 0, dilation, groups)
    return run


def linear(out, bias):
    def run(x, train):
        w, b = 0.5 * value((out, x[0].shape[1]), 10), 0.5 * value((out,), 11) if bias else None
        return F.linear(x[0].permute(0, 2, 3, 1), w, b).permute(0, 3, 1, 2)
    return run


def batch_norm(epsilon, momentum):
    def run(x, train):
        c = x[0].shape[1]
        w, b = 1 + 0.5 * value((c,), 10), 0.5 * value((c,), 11)
        mean, var = 0.5 * value((c,), 12), 1 + 0.5 * value((c,), 13)
        y = F.batch_norm(x[0], mean, var, w, b, train, momentum, epsilon)
        return y, mean, var
    return run


def avg(kernel, stride, pad, count_pad=False):
    def run(x, train):
        pads = (pad[2], pad[3], pad[0], pad[1])
        sums = F.avg_pool2d(F.pad(x[0], pads), kernel, stride)
        ones = F.avg_pool2d(F.pad(torch.ones_like(x[0]), pads), kernel, stride)
        return sums if count_pad else sums / ones
    return run


def maximum(kernel, stride, pad):
    return lambda x, train: F.max_pool2d(
        F.pad(x[0], (pad[2], pad[3], pad[0], pad[1]), value=-torch.inf), kernel, stride)


one = [1, 1, 1, 1]
cases = [
    ("input", [(4, 3, 5, 4)], lambda x, t: x[0].float().double()),
    ("output", [(4, 3, 5, 4)], lambda x, t: x[0]),
    ("relu", [(4, 5, 3, 7)], lambda x, t: F.relu(x[0])),
    ("add 2", [(4, 4, 3, 5)] * 2, lambda x, t: sum(x)),
    ("add 4", [(4, 3, 1, 6)] * 4, lambda x, t: sum(x)),
    ("concat 3", [(4, 1, 3, 4), (4, 5, 3, 4), (4, 2, 3, 4)], lambda x, t: torch.cat(x, 1)),
    ("concat 1-d", [(4, 4, 1, 9), (4, 3, 1, 9)], lambda x, t: torch.cat(x, 1)),
    ("global pool", [(4, 5, 4, 7)], lambda x, t: x[0].mean((2, 3), keepdim=True)),
    ("linear", [(4, 11, 1, 1)], linear(7, True)),
    ("linear dense", [(4, 5, 3, 4)], linear(3, True)),
    ("linear no bias", [(4, 16, 1, 5)], linear(17, False)),
    ("batch norm", [(4, 5, 3, 4)], batch_norm(1e-5, 0.1)),
    ("batch norm 1-d", [(4, 3, 1, 11)], batch_norm(1e-3, 0.3)),
    ("batch norm 16", [(8, 16, 2, 2)], batch_norm(1e-5, 0.1)),
    ("avg 3x3", [(4, 3, 5, 6)], avg((3, 3), (1, 1), one)),
    ("avg 3x3 s2", [(4, 3, 7, 6)], avg((3, 3), (2, 2), one)),
    ("avg count pad", [(4, 2, 5, 4)], avg((3, 3), (1, 1), one, True)),
    ("avg 2x2 ceil", [(4, 3, 7, 5)], avg((2, 2), (2, 2), [0, 1, 0, 1])),
    ("avg 1-d gaps", [(4, 3, 1, 11)], avg((1, 2), (1, 3), [0] * 4)),
    ("max 3x3", [(4, 3, 5, 6)], maximum((3, 3), (1, 1), one)),
    ("max 3x3 s2", [(4, 17, 7, 6)], maximum((3, 3), (2, 2), one)),
    ("max sides", [(4, 2, 8, 7)], maximum((4, 3), (3, 2), [3, 0, 0, 2])),
    ("max 1-d", [(4, 3, 1, 10)], maximum((1, 3), (1, 2), [0, 0, 1, 1])),
    ("conv 3x3", [(4, 3, 5, 6)], conv(4, (3, 3))),
    ("conv 3x3 s2", [(4, 4, 7, 6)], conv(5, (3, 3), (2, 2))),
    ("conv 1x1 bias", [(4, 5, 3, 4)], conv(6, (1, 1), bias=True)),
    ("conv 1x1 s2", [(4, 3, 5, 5)], conv(4, (1, 1), (2, 2))),
    ("conv sides", [(4, 2, 7, 8)], conv(3, (4, 3), (2, 3), [2, 0, 1, 3], bias=True)),
    ("conv dilated", [(4, 4, 6, 7)], conv(3, (3, 3), pad=[2] * 4, dilation=(2, 2))),
    ("conv dilated sides", [(4, 2, 7, 6)], conv(3, (3, 2), (2, 1), [4, 1, 0, 2], (3, 2))),
    ("conv groups", [(4, 6, 5, 4)], conv(9, (3, 3), groups=3, bias=True)),
    ("conv depthwise", [(4, 8, 5, 6)], conv(8, (3, 3), groups=8)),
    ("conv depthwise s2", [(4, 5, 7, 8)], conv(5, (5, 5), (2, 2), groups=5)),
    ("conv depthwise dilated", [(4, 4, 6, 5)],
     conv(4, (3, 3), pad=[2] * 4, dilation=(2, 2), groups=4, bias=True)),
    ("conv depthwise x2", [(4, 3, 4, 5)], conv(6, (3, 3), groups=3)),
    ("conv 1-d", [(4, 3, 1, 17)], conv(4, (1, 7), (1, 2))),
    ("conv 1-d dilated", [(4, 2, 1, 16)], conv(3, (1, 5), pad=[0, 0, 6, 6], dilation=(1, 3))),
    ("conv whole", [(4, 3, 4, 3)], conv(5, (4, 3), pad=[0] * 4)),
    ("conv 16", [(4, 16, 4, 4)], conv(16, (3, 3))),
    ("conv 17 to 33", [(4, 17, 3, 3)], conv(33, (3, 3), bias=True)),
]

for name, shapes, run in cases:
    x = [value(s, k) for k, s in enumerate(shapes)]
    sums, moved = [], []
    for train in (True, False):
        y, *buffers = run(x, train) if name.startswith("batch") else (run(x, train),)
        sums.append((y * value(y.shape, 20)).sum().item())
        moved = moved or [(b * value(b.shape, 20)).sum().item() for b in buffers]
    row = ", ".join(f"{v:.17g}" for v in sums + (moved or [0, 0]))
    print(f'    {{"{name}", {row}}},')
