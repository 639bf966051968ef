"""The networks of bench/networks.c and bench/darts.c as PyTorch modules, under the same names.

Layer by layer the same: order of ReLU, convolution and batch norm, strides, padding, affine batch
norms, biases; parameters are registered in the order of the graph's nodes, so weights can be copied
over. `step.py --list` prints parameters and MACs in the format of `engine --list`; compare.sh times
nothing when they differ. One-dimensional inputs have height 1 here too, so that channels_last
applies to them.
"""
import torch
from torch import nn
import torch.nn.functional as F


def conv_norm(inputs, outputs, kernel, stride=1):
    return nn.Sequential(nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, bias=False),
                         nn.BatchNorm2d(outputs))


def relu_conv(inputs, outputs, kernel, stride=1):
    return nn.Sequential(nn.ReLU(), *conv_norm(inputs, outputs, kernel, stride))


class Head(nn.Module):
    """Mean over the pixels, linear."""

    def __init__(self, channels, classes):
        super().__init__()
        self.linear = nn.Linear(channels, classes)

    def forward(self, x):
        return self.linear(F.adaptive_avg_pool2d(x, 1).flatten(1))


# ---- NAS-Bench-201 (Dong & Yang 2020), C = 16, N = 5 ----


class Conv3x3Edge(nn.Module):
    def __init__(self, channels):
        super().__init__()
        self.op = relu_conv(channels, channels, 3)

    def forward(self, x, coefficients):
        return self.op(x)


class MixedEdge(nn.Module):
    """none, skip, 1x1, 3x3 and average pool, each times its coefficient."""

    def __init__(self, channels):
        super().__init__()
        self.conv1 = relu_conv(channels, channels, 1)
        self.conv3 = relu_conv(channels, channels, 3)

    def forward(self, x, coefficients):
        pool = F.avg_pool2d(x, 3, 1, 1, count_include_pad=False)
        terms = (torch.zeros_like(x), x, self.conv1(x), self.conv3(x), pool)
        return sum(c * t for c, t in zip(coefficients, terms))


class Cell201(nn.Module):
    def __init__(self, channels, edge):
        super().__init__()
        self.edges = nn.ModuleList(edge(channels) for _ in range(6))

    def forward(self, x, coefficients):
        nodes = [x]
        for to in range(1, 4):
            first = to * (to - 1) // 2
            nodes.append(sum(self.edges[first + i](nodes[i], coefficients[first + i])
                             for i in range(to)))
        return nodes[3]


class Reduction201(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.main = nn.Sequential(relu_conv(inputs, outputs, 3, 2), relu_conv(outputs, outputs, 3))
        self.shortcut = nn.Sequential(nn.AvgPool2d(2, 2), nn.Conv2d(inputs, outputs, 1, bias=False))

    def forward(self, x, coefficients):
        return self.main(x) + self.shortcut(x)


class NB201(nn.Module):
    def __init__(self, edge):
        super().__init__()
        self.stem = conv_norm(3, 16, 3)
        self.cells = nn.ModuleList()
        for stage in range(3):
            channels = 16 << stage
            if stage > 0:
                self.cells.append(Reduction201(channels // 2, channels))
            self.cells.extend(Cell201(channels, edge) for _ in range(5))
        self.last = nn.Sequential(nn.BatchNorm2d(64), nn.ReLU(inplace=True))
        self.head = Head(64, 100)
        # Inputs, not weights: shared by all cells, with a gradient, not touched by the optimiser.
        self.coefficients = [None] * 6
        if edge is MixedEdge:
            self.coefficients = [[torch.tensor(0.2, requires_grad=True) for _ in range(5)]
                                 for _ in range(6)]

    def forward(self, x):
        for row in self.coefficients:
            for c in row or ():
                c.grad = None
        x = self.stem(x)
        for cell in self.cells:
            x = cell(x, self.coefficients)
        return self.head(self.last(x))


# ---- DARTS-like cells (Liu, Simonyan & Yang 2019) ----


class FactorisedReduction(nn.Module):
    """As in bench/darts.c, both halves read the same pixels."""

    def __init__(self, inputs, outputs):
        super().__init__()
        self.halves = nn.ModuleList(nn.Conv2d(inputs, outputs // 2, 1, 2, bias=False)
                                    for _ in range(2))
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        x = F.relu(x)
        return self.norm(torch.cat([half(x) for half in self.halves], 1))


def separable(channels, kernel, stride, dilation):
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv2d(channels, channels, kernel, stride, dilation * (kernel - 1) // 2, dilation,
                  groups=channels, bias=False),
        nn.Conv2d(channels, channels, 1, bias=False), nn.BatchNorm2d(channels))


def operation(name, channels, stride):
    if name == "skip":
        return nn.Identity() if stride == 1 else FactorisedReduction(channels, channels)
    if name == "max":
        return nn.MaxPool2d(3, stride, 1)
    if name == "avg":
        return nn.AvgPool2d(3, stride, 1, count_include_pad=False)
    kernel = int(name[3:])
    if name[:3] == "dil":
        return separable(channels, kernel, stride, 2)
    return nn.Sequential(separable(channels, kernel, stride, 1), separable(channels, kernel, 1, 1))


# TE-NAS's cells for NinaPro, as NAS-Bench-360 published them; edges 2i and 2i+1 enter node i + 2.
NINAPRO_NORMAL = (("max", 0), ("sep5", 1), ("skip", 1), ("sep3", 2),
                  ("dil5", 0), ("sep3", 1), ("avg", 0), ("dil5", 4))
NINAPRO_REDUCE = (("avg", 0), ("skip", 1), ("skip", 0), ("dil5", 1),
                  ("dil3", 1), ("sep3", 3), ("dil5", 1), ("sep3", 3))


class DartsCell(nn.Module):
    def __init__(self, edges, before_last, last, channels, reduce, reduced):
        super().__init__()
        self.sources = [source for _, source in edges]
        self.first = (FactorisedReduction(before_last, channels) if reduced
                      else relu_conv(before_last, channels, 1))
        self.second = relu_conv(last, channels, 1)
        self.ops = nn.ModuleList(operation(name, channels, 2 if reduce and source < 2 else 1)
                                 for name, source in edges)

    def forward(self, before_last, last):
        nodes = [self.first(before_last), self.second(last)]
        for i in range(0, 8, 2):
            a, b = self.sources[i:i + 2]
            nodes.append(self.ops[i](nodes[a]) + self.ops[i + 1](nodes[b]))
        return torch.cat(nodes[2:], 1)


class Darts(nn.Module):
    def __init__(self, normal, reduce, width, cells, classes):
        super().__init__()
        self.stem = conv_norm(3, 3 * width, 3)
        self.cells = nn.ModuleList()
        before_last = last = 3 * width
        channels, reduced = width, False
        for i in range(cells):
            shrink = i in (cells // 3, 2 * cells // 3)
            channels *= 2 if shrink else 1
            self.cells.append(DartsCell(reduce if shrink else normal, before_last, last, channels,
                                        shrink, reduced))
            before_last, last, reduced = last, 4 * channels, shrink
        self.head = Head(last, classes)

    def forward(self, x):
        before_last = last = self.stem(x)
        for cell in self.cells:
            before_last, last = last, cell(before_last, last)
        return self.head(last)


# ---- one-dimensional ResNet (Wang et al. 2017) ----


class Block1d(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        layers = []
        for i, kernel in enumerate((8, 5, 3)):
            layers += [nn.Conv2d(outputs if i else inputs, outputs, (1, kernel), padding="same",
                                 bias=False), nn.BatchNorm2d(outputs)]
            if i < 2:
                layers.append(nn.ReLU(inplace=True))
        self.main = nn.Sequential(*layers)
        self.shortcut = nn.Identity() if inputs == outputs else conv_norm(inputs, outputs, 1)

    def forward(self, x):
        return F.relu(self.main(x) + self.shortcut(x), inplace=True)


def resnet_1d():
    return nn.Sequential(Block1d(1, 64), Block1d(64, 128), Block1d(128, 128), Head(128, 4))


# ---- Wide ResNet 16-4 (Zagoruyko & Komodakis 2016) that keeps the resolution ----


class WideBlock(nn.Module):
    def __init__(self, inputs, outputs):
        super().__init__()
        self.before = nn.Sequential(nn.BatchNorm2d(inputs), nn.ReLU(inplace=True))
        self.shortcut = (None if inputs == outputs
                         else nn.Conv2d(inputs, outputs, 1, bias=False))
        self.main = nn.Sequential(*conv_norm(inputs, outputs, 3), nn.ReLU(inplace=True),
                                  nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False))

    def forward(self, x):
        y = self.before(x)
        return self.main(y) + (self.shortcut(y) if self.shortcut else x)


def wrn_dense():
    widths = (16, 64, 64, 128, 128, 256, 256)
    return nn.Sequential(nn.Conv2d(1, 16, 3, 1, 1, bias=False),
                         *(WideBlock(a, b) for a, b in zip(widths, widths[1:])),
                         nn.BatchNorm2d(256), nn.ReLU(inplace=True),
                         nn.Conv2d(256, 1, 1, bias=False))


def relative_l2(prediction, target):
    """Norm of the error over the norm of the target, mean over the samples."""
    error = (prediction.float() - target).flatten(1).norm(dim=1)
    return (error / target.flatten(1).norm(dim=1)).mean()


# name: (module, shape of one input, classes or None for a dense output, loss, batch)
NETWORKS = {
    "nb201-all-3x3-c16-n5":
        (lambda: NB201(Conv3x3Edge), (3, 32, 32), 100, F.cross_entropy, 64),
    "nb201-supernet-c16-n5":
        (lambda: NB201(MixedEdge), (3, 32, 32), 100, F.cross_entropy, 64),
    "darts-c16-l8":
        (lambda: Darts(NINAPRO_NORMAL, NINAPRO_REDUCE, 16, 8, 100), (3, 32, 32), 100,
         F.cross_entropy, 64),
    "resnet-1d-64-128-128":
        (resnet_1d, (1, 1, 1000), 4, F.cross_entropy, 64),
    "wrn-16-4-dense-85x85":
        (wrn_dense, (1, 85, 85), None, relative_l2, 4),
}
