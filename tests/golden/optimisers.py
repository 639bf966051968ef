"""PyTorch's answers for tests/test_loss.c: run `python tests/golden/optimisers.py`, paste the rows.

Optimisers: 5 weights, 6 float64 steps, gradients that depend on the step alone; losses: 3 samples.
Values follow value() of tests/test_loss.c.
"""
import torch
import torch.nn.functional as F


def value(n, k):
    i = torch.arange(n, dtype=torch.float64)
    return torch.sin(1.7 * i + 0.9 * k + 0.3)


cases = [
    ("plain", torch.optim.SGD, dict(lr=0.1)),
    ("decay", torch.optim.SGD, dict(lr=0.1, weight_decay=0.05)),
    ("momentum", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05)),
    ("nesterov", torch.optim.SGD, dict(lr=0.1, momentum=0.9, weight_decay=0.05, nesterov=True)),
    ("adam", torch.optim.Adam, dict(lr=0.02, betas=(0.9, 0.999), eps=1e-8)),
    ("adam decay", torch.optim.Adam, dict(lr=0.02, betas=(0.8, 0.95), eps=1e-3, weight_decay=0.05)),
    ("adamw", torch.optim.AdamW, dict(lr=0.02, betas=(0.9, 0.999), eps=1e-8, weight_decay=0.05)),
]
for name, kind, options in cases:
    w = value(5, 0).requires_grad_()
    optimiser = kind([w], foreach=False, **options)
    for step in range(1, 7):
        w.grad = value(5, step)
        optimiser.step()
    print(f'"{name}": ' + ", ".join(f"{v:.17g}" for v in w.tolist()))

pred, target = 3 * value(12, 1).reshape(3, 4), value(12, 2).float().double().reshape(3, 4)
label, unit = torch.tensor([2, 0, 3]), (value(12, 2) > 0).double().reshape(3, 4)
relative = ((pred - target).norm(dim=1) / target.norm(dim=1)).sum()
print("cross_entropy %.17g" % F.cross_entropy(pred, label, reduction="sum"))
print("bce %.17g" % (F.binary_cross_entropy_with_logits(pred, unit, reduction="sum") / 4))
print("mse %.17g" % (F.mse_loss(pred, target, reduction="sum") / 4))
print("relative_l2 %.17g" % relative)

schedules = [
    ("cosine", lambda o: torch.optim.lr_scheduler.CosineAnnealingLR(o, 7)),
    ("step", lambda o: torch.optim.lr_scheduler.MultiStepLR(o, [2, 5], 0.2)),
]
for name, make in schedules:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    schedule = make(optimiser)
    factors = []
    for epoch in range(8):
        factors.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        schedule.step()
    print(f"{name}: " + ", ".join(f"{v:.17g}" for v in factors))
