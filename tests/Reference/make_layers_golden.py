#!/usr/bin/env python3
"""Writes layers.json: outputs and all gradients of single layers from PyTorch in double precision; where PyTorch 1.13 lacks a layer, from a few lines here.

Run with a Python that has torch (Debian: python3-torch, then /usr/bin/python3 tests/Reference/make_layers_golden.py). Inputs, weights and the gradient by the output are not in the file: both
sides make them from the hash `values` below, exact in float32. Each case gives the loss sum(y * c); its gradients are compared tensor by tensor.
"""
import json
import pathlib

import numpy as np
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def values(count, salt):
    """Multiples of 2^-15 in [-1, 1), from a hash of index and salt."""
    h = (np.arange(1, count + 1, dtype=np.uint64) * 2654435761 + salt * 40503) & 0xFFFFFFFF
    h ^= h >> np.uint64(15)
    h = (h * 2246822519) & 0xFFFFFFFF
    h ^= h >> np.uint64(13)
    return (h >> np.uint64(16)).astype(np.float64) / 32768 - 1


def listed(tensor):
    return [float(f"{v:.8g}") for v in tensor.detach().numpy().ravel()]


class Rms(nn.Module):
    def __init__(self, width, epsilon=1e-6):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.epsilon = epsilon

    def forward(self, x):
        return x / torch.sqrt((x * x).mean(-1, keepdim=True) + self.epsilon) * self.weight


class Steps(nn.Module):
    """A module of features x steps on a sequence of steps x features."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.transpose(1, 2)).transpose(1, 2)


class LastChannel(nn.Module):
    """A module of planes on an image whose channel is innermost, as data files have it."""

    def __init__(self, inner):
        super().__init__()
        self.inner = inner

    def forward(self, x):
        return self.inner(x.permute(0, 3, 1, 2))


class Local(nn.Module):
    """Kernels that differ from position to position: weight [positions, outputs, inputs * kernel], bias [outputs, height, width]."""

    def __init__(self, inputs, outputs, kernel, stride, height, width):
        super().__init__()
        self.kernel, self.stride = kernel, stride
        self.size = ((height - kernel[0]) // stride + 1, (width - kernel[1]) // stride + 1)
        self.weight = nn.Parameter(torch.zeros(self.size[0] * self.size[1], outputs, inputs * kernel[0] * kernel[1]))
        self.bias = nn.Parameter(torch.zeros(outputs, *self.size))

    def forward(self, x):
        patches = nn.functional.unfold(x, self.kernel, stride=self.stride)  # [batch, fan, positions]
        return torch.einsum("pof,bfp->bop", self.weight, patches).reshape(x.shape[0], -1, *self.size) + self.bias


class Residual(nn.Module):
    def __init__(self, body, shortcut=None):
        super().__init__()
        self.body = body
        if shortcut is not None:
            self.shortcut = shortcut

    def forward(self, x):
        return self.body(x) + (self.shortcut(x) if hasattr(self, "shortcut") else x)


class Recurrent(nn.Module):
    """A recurrent module from zero states: all states, or the last."""

    def __init__(self, inner, sequence=False):
        super().__init__()
        self.inner, self.sequence = inner, sequence

    def forward(self, x):
        y = self.inner(x)[0]
        return y if self.sequence else y[:, -1]


class Positions(nn.Module):
    def __init__(self, steps, width):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(steps, width))

    def forward(self, x):
        return x + self.weight


class Sinusoids(nn.Module):
    def forward(self, x):
        steps, width = x.shape[1:]
        angles = torch.arange(steps, dtype=x.dtype)[:, None] * 10000.0 ** (-torch.arange(0, width, 2, dtype=x.dtype) / width)
        table = torch.zeros(steps, width, dtype=x.dtype)
        table[:, 0::2], table[:, 1::2] = torch.sin(angles), torch.cos(angles)[:, : width // 2]
        return x + table


class Attention(nn.Module):
    """PyTorch's own, plain or behind a norm and beside a way around."""

    def __init__(self, width, heads, causal=False, block=False):
        super().__init__()
        if block:
            self.norm = nn.LayerNorm(width)
        self.inner, self.causal = nn.MultiheadAttention(width, heads, batch_first=True), causal

    def forward(self, x):
        n = self.norm(x) if hasattr(self, "norm") else x
        mask = torch.triu(torch.full((x.shape[1], x.shape[1]), float("-inf")), 1) if self.causal else None
        y = self.inner(n, n, n, need_weights=False, attn_mask=mask)[0]
        return x + y if hasattr(self, "norm") else y


class Mlp(nn.Module):
    def __init__(self, width, units, block=False):
        super().__init__()
        if block:
            self.norm = nn.LayerNorm(width)
        self.up, self.down = nn.Linear(width, units), nn.Linear(units, width)

    def forward(self, x):
        y = self.down(nn.functional.gelu(self.up(self.norm(x) if hasattr(self, "norm") else x), approximate="tanh"))
        return x + y if hasattr(self, "norm") else y


class Words(nn.Module):
    """An embedding of the tokens that inputs in [-2, 2) stand for."""

    def __init__(self, words, width):
        super().__init__()
        self.inner = nn.Embedding(words, width)

    def forward(self, x):
        return self.inner(x.long()) + 0 * x.sum()


def cases():
    """Shorthand, shape of one sample as PyTorch has it, the same as a Shape ('C,H,W' are planes), module."""
    yield "5", (7,), "7", nn.Linear(7, 5)
    yield "7:tanh", (5,), "5", nn.Sequential(nn.Linear(5, 7), nn.Tanh())
    yield "tanh", (40,), "40", nn.Tanh()
    yield "hardtanh", (40,), "40", nn.Hardtanh(-1, 1)
    yield "relu", (40,), "40", nn.ReLU()
    yield "leakyrelu", (40,), "40", nn.LeakyReLU()
    yield "leakyrelu0.25", (40,), "40", nn.LeakyReLU(0.25)
    yield "sigmoid", (40,), "40", nn.Sigmoid()
    yield "silu", (40,), "40", nn.SiLU()
    yield "gelu", (40,), "40", nn.GELU()
    yield "gelutanh", (40,), "40", nn.GELU(approximate="tanh")
    yield "flatten", (2, 3, 2), "2,3,2", nn.Flatten()
    yield "conv3x2x4", (1, 5, 6), "1,5,6", nn.Conv2d(1, 4, (3, 2))
    yield "conv5x5x3:relu", (2, 8, 7), "2,8,7", nn.Sequential(nn.Conv2d(2, 3, 5), nn.ReLU())
    yield "conv3x3x4:same:tanh", (3, 5, 4), "3,5,4", nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.Tanh())
    yield "conv3x3x4:stride2:pad1:groups2", (4, 7, 6), "4,7,6", nn.Conv2d(4, 4, 3, stride=2, padding=1, groups=2)
    yield "conv4x3x2:stride3:pad2:nobias", (2, 9, 8), "2,9,8", nn.Conv2d(2, 2, (4, 3), stride=3, padding=2, bias=False)
    yield "conv1x1x5", (3, 4, 3), "3,4,3", nn.Conv2d(3, 5, 1)
    yield "conv1x1x4:groups2", (2, 4, 3), "2,4,3", nn.Conv2d(2, 4, 1, groups=2)
    yield "conv1x1x3:stride2", (2, 5, 5), "2,5,5", nn.Conv2d(2, 3, 1, stride=2)
    yield "conv3x3x3:same", (5, 4, 6), "5,4,6", nn.Conv2d(5, 3, 3, padding=1)
    yield "conv2x2x26:pad1", (4, 3, 2), "4,3,2", nn.Conv2d(4, 26, 2, padding=1)
    yield "conv2x1x66", (1, 3, 2), "1,3,2", nn.Conv2d(1, 66, (2, 1))
    yield "depthwise3x3:same", (3, 5, 6), "3,5,6", nn.Conv2d(3, 3, 3, padding=1, groups=3)
    yield "conv3x3x2:stride2", (7, 6, 3), "7x6x3", LastChannel(nn.Conv2d(3, 2, 3, stride=2))
    yield "conv3x3x2:pad1", (4, 5, 2), "4x5x2", LastChannel(nn.Conv2d(2, 2, 3, padding=1))
    yield "conv3x4", (9, 2), "9x2", Steps(nn.Conv1d(2, 4, 3))
    yield "conv5x4:same:relu", (6, 3), "6x3", nn.Sequential(Steps(nn.Conv1d(3, 4, 5, padding=2)), nn.ReLU())
    yield "conv4x6:stride3:pad2:groups2:nobias", (11, 4), "11x4", Steps(nn.Conv1d(4, 6, 4, stride=3, padding=2, groups=2, bias=False))
    yield "depthwise3", (7, 5), "7x5", Steps(nn.Conv1d(5, 5, 3, groups=5))
    yield "conv1x3", (4, 2), "4x2", Steps(nn.Conv1d(2, 3, 1))
    yield "local3x2x3:tanh", (2, 5, 4), "2,5,4", nn.Sequential(Local(2, 3, (3, 2), 1, 5, 4), nn.Tanh())
    yield "local2x2x2:stride2", (1, 5, 6), "1,5,6", Local(1, 2, (2, 2), 2, 5, 6)
    yield "pool2", (2, 6, 4), "2,6,4", nn.MaxPool2d(2)
    yield "pool2", (3, 5, 7), "3,5,7", nn.MaxPool2d(2)
    yield "pool3x2:stride2:pad1", (2, 6, 5), "2,6,5", nn.MaxPool2d((3, 2), stride=2, padding=1)
    yield "avgpool2", (2, 4, 5), "2,4,5", nn.AvgPool2d(2)
    yield "avgpool3:stride2:pad1", (2, 6, 5), "2,6,5", nn.AvgPool2d(3, stride=2, padding=1)
    yield "pool3", (10, 3), "10x3", Steps(nn.MaxPool1d(3))
    yield "avgpool3:stride2:pad1", (9, 2), "9x2", Steps(nn.AvgPool1d(3, stride=2, padding=1))
    yield "globalavg", (3, 4, 3), "3,4,3", nn.Sequential(nn.AdaptiveAvgPool2d(1), nn.Flatten())
    yield "globalmax", (3, 4, 3), "3,4,3", nn.Sequential(nn.AdaptiveMaxPool2d(1), nn.Flatten())
    yield "globalavg", (5, 4), "5x4", nn.Sequential(Steps(nn.AdaptiveAvgPool1d(1)), nn.Flatten())
    yield "globalmax", (5, 4), "5x4", nn.Sequential(Steps(nn.AdaptiveMaxPool1d(1)), nn.Flatten())
    yield "batchnorm", (6,), "6", nn.BatchNorm1d(6)
    yield "batchnorm", (3, 4, 2), "3,4,2", nn.BatchNorm2d(3)
    yield "batchnorm", (5, 3), "5x3", Steps(nn.BatchNorm1d(3))
    yield "batchnorm:frozen", (3, 2, 4), "3,2,4", nn.BatchNorm2d(3).eval()
    yield "batchnorm:frozen", (4,), "4", nn.BatchNorm1d(4).eval()
    yield "layernorm", (9,), "9", nn.LayerNorm(9)
    yield "layernorm", (4, 5), "4x5", nn.LayerNorm(5)
    yield "layernorm", (2, 3, 4), "2,3,4", nn.LayerNorm((2, 3, 4))
    yield "rmsnorm", (8,), "8", Rms(8)
    yield "rmsnorm", (3, 6), "3x6", Rms(6)
    yield "residual(6-6)", (6,), "6", Residual(nn.Sequential(nn.Sequential(nn.Linear(6, 6), nn.Tanh()), nn.Linear(6, 6)))
    yield "residual(conv3x3x2:same:nobias-batchnorm-silu-conv3x3x2:same)", (2, 4, 4), "2,4,4", Residual(nn.Sequential(nn.Conv2d(2, 2, 3, padding=1, bias=False), nn.BatchNorm2d(2), nn.SiLU(), nn.Conv2d(2, 2, 3, padding=1)))
    yield "residual(conv3x3x4:stride2:pad1-relu|conv1x1x4:stride2:nobias-batchnorm)", (2, 5, 5), "2,5,5", Residual(nn.Sequential(nn.Conv2d(2, 4, 3, stride=2, padding=1), nn.ReLU()), nn.Sequential(nn.Conv2d(2, 4, 1, stride=2, bias=False), nn.BatchNorm2d(4)))
    for word, kind in ("gru", nn.GRU), ("lstm", nn.LSTM), ("rnn", nn.RNN):
        yield f"{word}5", (6, 3), "6x3", Recurrent(kind(3, 5, batch_first=True))
        yield f"{word}21:sequence", (4, 7), "4x7", Recurrent(kind(7, 21, batch_first=True), True)
        yield f"{word}64", (3, 9), "3x9", Recurrent(kind(9, 64, batch_first=True))
        yield f"{word}2", (50, 2), "50x2", Recurrent(kind(2, 2, batch_first=True))  # several stretches of steps on the way back
        yield f"{word}3:sequence", (30, 1), "30x1", Recurrent(kind(1, 3, batch_first=True), True)
        yield f"{word}3", (1, 2), "1x2", Recurrent(kind(2, 3, batch_first=True))
    yield "embed7x5", (6,), "6", Words(7, 5)
    yield "positions", (5, 3), "5x3", Positions(5, 3)
    yield "sinusoids", (200, 5), "200x5", Sinusoids()
    yield "sinusoids", (7, 4), "7x4", Sinusoids()
    yield "stepwise5", (6, 7), "6x7", nn.Linear(7, 5)
    yield "stepwise17:tanh", (9, 3), "9x3", nn.Sequential(nn.Linear(3, 17), nn.Tanh())
    yield "attn1", (5, 6), "5x6", Attention(6, 1)
    yield "attn4:causal", (7, 8), "7x8", Attention(8, 4, causal=True)
    yield "attn2:block", (4, 10), "4x10", Attention(10, 2, block=True)
    yield "attn3:causal:block", (18, 12), "18x12", Attention(12, 3, causal=True, block=True)
    yield "attn1:causal", (1, 2), "1x2", Attention(2, 1, causal=True)
    yield "mlp9", (5, 4), "5x4", Mlp(4, 9)
    yield "mlp24:block", (30, 6), "30x6", Mlp(6, 24, block=True)
    yield "tokens5", (6, 7), "6x7", nn.Linear(7, 5, bias=False)
    yield "tokens130", (5, 3), "5x3", nn.Linear(3, 130, bias=False)
    yield "rnn3:sequence:relu", (4, 2), "4x2", Recurrent(nn.RNN(2, 3, batch_first=True, nonlinearity="relu"), True)


def run(name, sizes, shape, module, batch=3):
    tensors = [parameter for parameter in module.parameters()]
    with torch.no_grad():
        for i, parameter in enumerate(tensors):
            parameter.copy_(torch.tensor(values(parameter.numel(), 10 + i).reshape(parameter.shape)))
        for buffer_name, buffer in module.named_buffers():
            if buffer_name.endswith("running_mean"):
                buffer.copy_(torch.tensor(values(buffer.numel(), 5)))
            elif buffer_name.endswith("running_var"):
                buffer.copy_(torch.tensor(values(buffer.numel(), 6) + 1.5))
    # Some activations are used on values beyond their limits.
    x = 2 * values(batch * int(np.prod(sizes)), 1).reshape(batch, *sizes)
    if name.startswith("embed"):
        x = np.floor((x + 2) / 4 * module.inner.num_embeddings)
    x = torch.tensor(x, requires_grad=True)
    y = module(x)
    c = torch.tensor(values(y.numel(), 2).reshape(y.shape))
    (y * c).sum().backward()
    statistics = [listed(buffer) for buffer_name, buffer in module.named_buffers() if "running" in buffer_name]
    return {"name": name, "shape": shape, "batch": batch, "y": listed(y), "dx": listed(x.grad), "gradients": [listed(parameter.grad) for parameter in tensors], "statistics": statistics}


def main():
    golden = {"about": f"written by make_layers_golden.py with PyTorch {torch.__version__}, float64", "layers": [run(*case) for case in cases()]}
    (FOLDER / "layers.json").write_text(json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


main()
