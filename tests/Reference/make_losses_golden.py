#!/usr/bin/env python3
"""Writes losses.json: values and gradients of every loss from PyTorch in double precision.

Run with a Python that has torch (Debian: python3-torch, then /usr/bin/python3 tests/Reference/make_losses_golden.py). Outputs and targets are rounded to float32 first. Every value is the mean
over the rows: PyTorch's own mean, but for class weights, where it divides by the weights of the batch and we by its rows, so that its sum over the rows is taken.
"""
import json
import pathlib

import numpy as np
import torch
from torch.nn import functional as F

FOLDER = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def rounded(array):
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def listed(values, digits):
    return [float(f"{v:.{digits}g}") for v in np.ravel(values)]


def case(loss, rows, outputs, seed, scale, targets, function):
    random = np.random.default_rng(seed)
    z = torch.tensor(rounded(scale * random.standard_normal((rows, outputs))), requires_grad=True)
    t = targets(random, rows, outputs)
    value = function(z, torch.tensor(t))
    value.backward()
    return {
        "loss": loss, "rows": rows, "outputs": listed(z.detach().numpy(), 9), **({"labels": t.tolist()} if t.dtype == np.int64 else {"targets": listed(t, 9)}),
        "value": float(value), "gradient": listed(z.grad.numpy(), 10),
    }


def labels(random, rows, outputs):
    return random.integers(0, outputs, rows)


def bits(random, rows, outputs):
    return rounded(random.integers(0, 2, (rows, outputs)))


def shares(random, rows, outputs):
    return rounded(random.uniform(size=(rows, outputs)))


def numbers(random, rows, outputs):
    return rounded(3 * random.standard_normal((rows, outputs)))


def entropy(smoothing=0.0, weights=None):
    def function(z, t):
        w = None if weights is None else torch.tensor(rounded(weights))
        return F.cross_entropy(z, t, weight=w, label_smoothing=float(np.float32(smoothing)), reduction="sum") / len(z)
    return function


def cases():
    weights = [0.5, 2, 0, 1.25, 3]
    yield case("cross-entropy", 6, 5, 1, 2, labels, entropy())
    yield case("cross-entropy:smooth0.1", 6, 5, 2, 2, labels, entropy(0.1))
    yield case("cross-entropy:smooth0.5", 3, 40, 3, 5, labels, entropy(0.5))
    yield case("cross-entropy:weights0.5,2,0,1.25,3", 9, 5, 4, 2, labels, entropy(0, weights))
    yield case("cross-entropy:smooth0.25:weights0.5,2,0,1.25,3", 9, 5, 5, 2, labels, entropy(0.25, weights))
    ramp = [c / 8 for c in range(1, 20)]
    yield case("cross-entropy:smooth0.1:weights" + ",".join(f"{w:g}" for w in ramp), 7, 19, 6, 3, labels, entropy(0.1, ramp))
    yield case("binary-cross-entropy", 21, 1, 7, 4, lambda random, rows, outputs: random.integers(0, 2, rows), lambda z, t: F.binary_cross_entropy_with_logits(z[:, 0], t.double()))
    yield case("binary-cross-entropy:multilabel", 4, 9, 8, 4, bits, F.binary_cross_entropy_with_logits)
    yield case("binary-cross-entropy:multilabel", 3, 19, 9, 30, shares, F.binary_cross_entropy_with_logits)
    yield case("mean-square", 4, 3, 10, 2, numbers, lambda z, t: 0.5 * F.mse_loss(z, t))
    yield case("huber:1", 6, 7, 11, 2, numbers, lambda z, t: F.huber_loss(z, t, delta=1.0))
    yield case("huber:2.5", 6, 7, 12, 2, numbers, lambda z, t: F.huber_loss(z, t, delta=2.5))


if __name__ == "__main__":
    golden = {"about": f"written by make_losses_golden.py with PyTorch {torch.__version__}, float64", "cases": list(cases())}
    (FOLDER / "losses.json").write_text(json.dumps(golden, separators=(",", ":")).replace('{"loss"', '\n{"loss"') + "\n")
