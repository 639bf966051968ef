#!/usr/bin/env python3
"""Times whole training steps (forward, loss, backward, update) of networks.py in PyTorch.

usage: step.py [--only NAME] [--threads N] [--seconds S] [--batch N] [--modes f32,f32-cl,bf16,bf16-cl]
               [--device cuda] [--csv FILE]
       step.py --list        name, parameters and MACs of a sample of every network

A mode is a precision, f32 or bf16 (autocast; weights, statistics and update stay fp32), and with -cl
the channels_last layout of network and batch. On a card there are also tf32 and tf32-cl, and f32 means
it: TF32 is off. A step there begins with the batch on the host, in pinned memory, as the engine's does;
ten steps are queued, then waited for. Every row is timed in a process of its own; peak_mb is
that process's ru_maxrss as the system tells it, Python and PyTorch's libraries included. The update
is SGD (Nesterov momentum 0.9, weight decay 5e-4), fused where this PyTorch has that. Needs torch.
"""
import argparse
import contextlib
import csv
import os
import resource
import subprocess
import sys
import time
import warnings

MODES = ("f32", "f32-cl", "bf16", "bf16-cl")
CUDA_MODES = ("f32", "f32-cl", "tf32", "tf32-cl", "bf16", "bf16-cl")
TOGETHER = 10  # steps on a card before they are waited for
HEADER = ("name", "mode", "threads", "batch", "ms_min", "ms_median", "images_per_s", "peak_mb",
          "torch")
MIN_STEPS = 5  # unless they take PATIENCE times the seconds that a row may take
PATIENCE = 10


def arguments():
    p = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    p.add_argument("--only", metavar="NAME", help="this network alone")
    p.add_argument("--threads", type=int, default=0, help="0: 1, then 2")
    p.add_argument("--seconds", type=float, default=5, help="to spend on each row")
    p.add_argument("--batch", type=int, default=0, help="samples; 0: the network's own")
    p.add_argument("--modes", help=f"any of {','.join(MODES)}; on a card also tf32, tf32-cl")
    p.add_argument("--device", default="cpu", help="cpu or cuda")
    p.add_argument("--csv", metavar="FILE", help="receives the CSV too")
    p.add_argument("--list", action="store_true", help="print name, parameters, MACs of a sample")
    p.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    a = p.parse_args()
    modes = CUDA_MODES if a.device == "cuda" else MODES
    a.modes = a.modes.split(",") if a.modes else modes
    for mode in a.modes:
        if mode not in modes:
            p.error(f"unknown mode '{mode}', want any of {','.join(modes)}")
    return p, a


# ---- in the process of one row; only it imports torch ----


def make_update(torch, network):
    settings = dict(lr=1e-3, momentum=0.9, weight_decay=5e-4, nesterov=True)
    try:
        return torch.optim.SGD(network.parameters(), fused=True, **settings)
    except (TypeError, RuntimeError):  # before PyTorch 2.4
        return torch.optim.SGD(network.parameters(), **settings)


def make_batch(torch, shape, classes, batch, layout):
    count = batch * shape[0] * shape[1] * shape[2]
    i = torch.arange(count, dtype=torch.float64)
    x = torch.sin(0.37 * i * i).float().reshape(batch, *shape).contiguous(memory_format=layout)
    if classes:
        return x, torch.arange(batch) % classes
    return x, torch.sin(i).float().reshape(batch, *shape)


def prepare_card(torch, network, mode):
    """Moves the network, its coefficients too, and lets cuDNN choose its kernels by timing them."""
    tf32 = mode.startswith("tf32")
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    torch.backends.cudnn.benchmark = True
    network.to("cuda")
    for row in getattr(network, "coefficients", ()):
        for i, c in enumerate(row or ()):
            row[i] = c.detach().cuda().requires_grad_()


def time_row(a, mode):
    import torch
    from networks import NETWORKS
    warnings.filterwarnings("ignore", "Using padding='same'")  # an even kernel costs a padded copy
    torch.set_num_threads(a.threads)
    torch.manual_seed(1)
    make, shape, classes, loss_of, batch = NETWORKS[a.only]
    batch = a.batch or batch
    layout = torch.channels_last if mode.endswith("-cl") else torch.contiguous_format
    network = make().train().to(memory_format=layout)
    if a.device == "cuda":
        prepare_card(torch, network, mode)
    update = make_update(torch, network)
    x, y = make_batch(torch, shape, classes, batch, layout)
    there = None
    if a.device == "cuda":
        x, y = x.pin_memory(), y.pin_memory()
        there = [torch.empty_like(v, device="cuda") for v in (x, y)]

    def step():
        for to, value in zip(there or (), (x, y)):
            to.copy_(value, non_blocking=True)
        images, targets = there or (x, y)
        update.zero_grad(set_to_none=True)
        half = torch.autocast(a.device, dtype=torch.bfloat16) if mode[:4] == "bf16" else None
        with half or contextlib.nullcontext():
            prediction = network(images)
        loss = loss_of(prediction.float(), targets)
        loss.backward()
        update.step()
        return loss.detach()

    together = TOGETHER if a.device == "cuda" else 1

    def steps():
        return sum(step() for _ in range(together)).item()

    seconds = []
    steps()  # not counted
    end = time.perf_counter() + a.seconds
    late = end + (PATIENCE - 1) * a.seconds
    while time.perf_counter() < (end if len(seconds) >= MIN_STEPS else late) or not seconds:
        start = time.perf_counter()
        steps()
        seconds.append((time.perf_counter() - start) / together)
    seconds.sort()
    median = seconds[len(seconds) // 2]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return (a.only, mode, a.threads, batch, f"{seconds[0] * 1e3:.2f}", f"{median * 1e3:.2f}",
            f"{batch / median:.1f}", f"{peak * 1e-6:.1f}", torch.__version__)


def measure(torch, network, shape):
    """Parameters, and MACs of a sample: convolutions, linear layers, one for each biased output."""
    from torch import nn
    macs = 0

    def count(module, inputs, output):
        nonlocal macs
        weight = module.weight
        macs += output.numel() * (weight.numel() // weight.shape[0] + (module.bias is not None))

    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            module.register_forward_hook(count)
    with torch.no_grad():
        network.eval()(torch.zeros(1, *shape))
    return sum(p.numel() for p in network.parameters()), macs


def list_networks(only):
    import torch
    from networks import NETWORKS
    warnings.filterwarnings("ignore", "Using padding='same'")
    for name, (make, shape, *_) in NETWORKS.items():
        if only in (None, name):
            print(name, *measure(torch, make(), shape))


# ---- the driver ----


def names():
    """In a process of its own too: what has imported torch would count in a child's peak."""
    code = "from networks import NETWORKS; print(*NETWORKS)"
    here = os.path.dirname(os.path.abspath(__file__))
    return subprocess.run([sys.executable, "-c", code], cwd=here, check=True,
                          stdout=subprocess.PIPE, text=True).stdout.split()


def time_all(a, outputs):
    for name in [a.only] if a.only else names():
        for threads in [a.threads] if a.threads else [1, 2]:
            for mode in a.modes:
                command = [sys.executable, os.path.abspath(__file__), "--child", "--only", name,
                           "--threads", str(threads), "--seconds", str(a.seconds), "--batch",
                           str(a.batch), "--modes", mode, "--device", a.device]
                row = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
                for out in outputs:
                    out.write(row)
                    out.flush()


def main():
    parser, a = arguments()
    if a.child:
        csv.writer(sys.stdout, lineterminator="\n").writerow(time_row(a, a.modes[0]))
        return
    if a.only and a.only not in names():
        parser.error(f"unknown network '{a.only}', want one of {', '.join(names())}")
    if a.list:
        list_networks(a.only)
        return
    with contextlib.ExitStack() as stack:
        outputs = [sys.stdout]
        if a.csv:
            outputs.append(stack.enter_context(open(a.csv, "w")))
        for out in outputs:
            out.write(",".join(HEADER) + "\n")
        try:
            time_all(a, outputs)
        except subprocess.CalledProcessError as e:
            sys.exit(f"step.py: a timing ended with status {e.returncode}")


if __name__ == "__main__":
    main()
