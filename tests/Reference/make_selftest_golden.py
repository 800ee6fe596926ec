#!/usr/bin/env python3
"""Writes runtime/EdgeLearn.Commands/SelfTest/GoldenValues.cs: what the agent's selftest compares itself with.

Noise and orders come from the second implementations beside this file; training runs from PyTorch in double precision (Debian's python3-torch), which draws its starting
weights, windows, data, targets and directions from the same noise.   /usr/bin/python3 tests/Reference/make_selftest_golden.py
"""
import math
import pathlib

import torch

from data_order import epoch_order
from make_noise_golden import bits, derive, gaussian, key_of, tensor_hash, word

torch.set_default_dtype(torch.float64)

SIDE, WINDOW, SAMPLES, CLASSES, STEPS = 6, 3, 32, 3, 5
UNITS = [12, 8, CLASSES]
DATA_SEED, SEED = 7, 11


def uniform(key, index):
    return (word(key, index) >> 8) * 2.0**-24


def signs(key, count, first=0):
    return torch.tensor([1.0 - 2 * (word(key, i >> 5) >> (i & 31) & 1) for i in range(first, first + count)])


def samples():
    key = key_of(DATA_SEED, tensor_hash("selftest.inputs"))
    width = SIDE * SIDE
    x = torch.tensor([[2 * uniform(key, n * width + j) - 1 + (0.5 if j % CLASSES == n % CLASSES else 0) for j in range(width)] for n in range(SAMPLES)])
    return x, torch.tensor([n % CLASSES for n in range(SAMPLES)])


class Net:
    """6x6-12@3x3-8:relu-3 with the starting weights of SEED."""

    def __init__(self):
        key = key_of(SEED, tensor_hash("layers.0.window"))
        places = SIDE - WINDOW + 1
        self.inputs = []
        for u in range(UNITS[0]):
            row, column = int(uniform(key, 2 * u) * places), int(uniform(key, 2 * u + 1) * places)
            self.inputs.append([(row + r) * SIDE + column + c for r in range(WINDOW) for c in range(WINDOW)])
        fans = [WINDOW * WINDOW, UNITS[0], UNITS[1]]
        self.names, self.parameters = [], []
        for i, fan in enumerate(fans):
            bound = 1 / math.sqrt(fan)
            for name, shape, gain in [("weight", (UNITS[i], fan), math.sqrt(6) if i == 1 else 1), ("bias", (UNITS[i],), 1)]:
                full = f"layers.{i}.{name}"
                k = key_of(SEED, tensor_hash(full))
                values = [gain * bound * (2 * uniform(k, n) - 1) for n in range(math.prod(shape))]
                self.names.append(full)
                self.parameters.append(torch.tensor(values).reshape(shape).requires_grad_())

    def layer(self, i, x, parameters):
        w, b = parameters[2 * i], parameters[2 * i + 1]
        if i == 0:
            return torch.tanh((x[:, self.inputs] * w).sum(2) + b)
        z = x @ w.T + b
        return torch.relu(z) if i == 1 else z

    def forward(self, x, parameters=None):
        for i in range(3):
            x = self.layer(i, x, self.parameters if parameters is None else parameters)
        return x


def cross_entropy(y, labels):
    return torch.nn.functional.cross_entropy(y, labels)


def summary(net, losses):
    return losses, [(float(p.detach().sum()), float((p.detach() ** 2).sum())) for p in net.parameters]


def descend(optimizer, losses_of):
    """Runs the steps; losses_of() gives (loss to report, loss to differentiate)."""
    losses = []
    for _ in range(STEPS):
        optimizer.zero_grad()
        report, total = losses_of()
        total.backward()
        optimizer.step()
        losses.append(float(report))
    return losses


def backprop(optimizer_of):
    net, (x, labels) = Net(), samples()

    def losses_of():
        loss = cross_entropy(net.forward(x), labels)
        return loss, loss

    return summary(net, descend(optimizer_of(net), losses_of))


def momentum(net):
    # Decoupled decay of the matrices alone: w -> (1 - lr wd) w - lr m.
    class Sgd:
        def __init__(self, rate=0.1, mu=0.9, decay=0.01):
            self.rate, self.mu, self.decay = rate, mu, decay
            self.m = [torch.zeros_like(p) for p in net.parameters]

        def zero_grad(self):
            for p in net.parameters:
                p.grad = None

        def step(self):
            with torch.no_grad():
                for p, m in zip(net.parameters, self.m):
                    m.mul_(self.mu).add_(p.grad)
                    if p.dim() > 1:
                        p.mul_(1 - self.rate * self.decay)
                    p.sub_(self.rate * m)

    return Sgd()


def frozen():
    net, (x, labels) = Net(), samples()
    optimizer = torch.optim.SGD(net.parameters[4:], lr=0.5)

    def losses_of():
        loss = cross_entropy(net.forward(x), labels)
        return loss, loss

    return summary(net, descend(optimizer, losses_of))


def tpsgd(local, rate=0.5, hidden=0.15, scale=0.9):
    net, (x, labels) = Net(), samples()
    targets = []
    for i in range(2):
        key = key_of(SEED, tensor_hash(f"layers.{i}.target"))
        targets.append(torch.stack([scale * signs(key, UNITS[i], c * UNITS[i]) for c in range(CLASSES)])[labels])
    optimizer = torch.optim.SGD([{"params": net.parameters[:4], "lr": rate * hidden}, {"params": net.parameters[4:], "lr": rate}])

    def losses_of():
        h, total = x, 0
        for i in range(2):
            h = net.layer(i, h.detach(), net.parameters)
            if local == "l2":
                total = total + 0.5 * ((h - targets[i]) ** 2).sum() / SAMPLES
            else:
                total = total - (h * targets[i]).sum() / SAMPLES
        loss = cross_entropy(net.layer(2, h.detach(), net.parameters), labels)
        return loss, total + loss

    return summary(net, descend(optimizer, losses_of))


def zeroth_order(rate=0.01, epsilon=1e-2, directions=2):
    net, (x, labels) = Net(), samples()
    run_seed = derive(SEED, 1, 0)
    losses = []
    with torch.no_grad():
        for step in range(STEPS):
            change, mean = [torch.zeros_like(p) for p in net.parameters], 0
            for i in range(directions):
                seed = derive(run_seed, step, i)
                z = [signs(key_of(seed, tensor_hash(n)), p.numel()).reshape(p.shape) for n, p in zip(net.names, net.parameters)]
                plus = cross_entropy(net.forward(x, [p + epsilon * d for p, d in zip(net.parameters, z)]), labels)
                minus = cross_entropy(net.forward(x, [p - epsilon * d for p, d in zip(net.parameters, z)]), labels)
                scalar = (plus - minus) / (2 * epsilon * directions)
                for c, d in zip(change, z):
                    c.add_(scalar * d)
                mean += float(plus + minus) / (2 * directions)
            for p, c in zip(net.parameters, change):
                p.sub_(rate * c)
            losses.append(mean)
    return summary(net, losses)


def numbers(values):
    return ", ".join(repr(float(v)) for v in values)


def main():
    runs = {
        "BackpropMomentum": backprop(momentum),
        "BackpropAdam": backprop(lambda net: torch.optim.Adam(net.parameters, lr=0.01)),
        "Frozen": frozen(),
        "TargetProjectionL2": tpsgd("l2"),
        "TargetProjectionLinear": tpsgd("linear"),
        "ZerothOrder": zeroth_order(),
    }
    keys = [key_of(0, tensor_hash("layers.0.weight")), key_of(42, tensor_hash("layers.0.bias")), key_of((1 << 64) - 1, tensor_hash("layers.0.weight"))]
    indices = [0, 1, 31, 1000, (1 << 32) - 1, 1 << 32, (1 << 40) + 7]
    out = [
        "namespace EdgeLearn.Commands;",
        "",
        "/// <summary>Written by tests/Reference/make_selftest_golden.py, from a second implementation in Python and from PyTorch; never by this program.</summary>",
        "static class GoldenValues",
        "{",
        "    /// <summary>Key, index, word.</summary>",
        "    public static readonly (ulong Key, ulong Index, uint Word)[] Words =",
        "    [",
    ]
    out += [f"        (0x{k:X}, 0x{i:X}, 0x{word(k, i):X})," for k in keys for i in indices]
    out += ["    ];", "", "    /// <summary>Key, first index, bits of the normal values from there.</summary>", "    public static readonly (ulong Key, long First, uint[] Bits)[] Gaussians =", "    ["]
    out += [
        f"        (0x{k:X}, {first}, [{', '.join(f'0x{bits(gaussian(k, first + i)):X}' for i in range(8))}]),"
        for k in keys for first in [0, 1001, (1 << 33) + 1]
    ]
    out += ["    ];", "", "    /// <summary>Seed, epoch, samples, the first positions of the order.</summary>", "    public static readonly (ulong Seed, ulong Epoch, int Count, int[] Order)[] Orders =", "    ["]
    out += [
        f"        ({s}, {e}, {n}, [{', '.join(str(v) for v in epoch_order(s, e, n, min(n, 12)))}]),"
        for s, e, n in [(0, 0, 10), (1, 0, 1000), (1, 1, 1000), (12345678901234567890, 7, 60000)]
    ]
    out += ["    ];"]
    for name, (losses, sums) in runs.items():
        out += [
            "",
            f"    /// <summary>Losses of the steps; sum and sum of squares of each tensor after them.</summary>",
            f"    public static readonly (double[] Losses, double[] Sums, double[] Squares) {name} =",
            f"        ([{numbers(losses)}],",
            f"        [{numbers(s for s, _ in sums)}],",
            f"        [{numbers(q for _, q in sums)}]);",
        ]
    out += ["}", ""]
    path = pathlib.Path(__file__).parents[2] / "runtime/EdgeLearn.Commands/SelfTest/GoldenValues.cs"
    path.write_text("\n".join(out))


if __name__ == "__main__":
    main()
