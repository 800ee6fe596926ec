#!/usr/bin/env python3
"""Writes decoders.json: small decoders like the benchmark's W6, with their loss and all gradients, in double precision.

Uses the peer's own module (tests/Benchmarks/peers/torch_workloads.py), so that what is timed is what is tested. Needs Debian's python3-torch.
"""
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

FOLDER = pathlib.Path(__file__).parent
sys.path.insert(0, str(FOLDER.parent / "Benchmarks" / "peers"))
from torch_workloads import Decoder

STEPS, BATCH, WORDS, WIDTH, HEADS = 12, 3, 130, 8, 2


def values(count, salt):
    """As LayerCase.Values."""
    h = (np.arange(1, count + 1, dtype=np.uint32) * np.uint32(2654435761) + np.uint32(salt * 40503)).astype(np.uint32)
    h = (h ^ (h >> np.uint32(15))) * np.uint32(2246822519)
    return ((h ^ (h >> np.uint32(13))) >> np.uint32(16)).astype(np.float64) / 32768 - 1


class PlainDecoder(Decoder):
    """The same with a head of its own."""

    def __init__(self, **sizes):
        super().__init__(**sizes)
        self.head = nn.Linear(sizes["d"], sizes["vocabulary"], bias=False)

    def forward(self, tokens):
        x = self.e(tokens) + self.p.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, self.mask)
        return self.head(self.n(x))


def listed(tensor):
    return [float(f"{value:.9g}") for value in tensor.detach().reshape(-1).tolist()]


def run(kind, head):
    module = kind(vocabulary=WORDS, d=WIDTH, blocks=1, heads=HEADS, length=STEPS).double()
    tensors = list(module.parameters())
    with torch.no_grad():
        for i, parameter in enumerate(tensors):
            parameter.copy_(torch.tensor(values(parameter.numel(), 10 + i).reshape(parameter.shape)))
    tokens = torch.tensor(np.floor((values(BATCH * STEPS, 1) + 1) / 2 * WORDS).astype(np.int64).reshape(BATCH, STEPS))
    labels = torch.tensor(np.floor((values(BATCH * STEPS, 2) + 1) / 2 * WORDS).astype(np.int64))
    logits = module(tokens)
    loss = F.cross_entropy(logits.view(-1, WORDS), labels)
    loss.backward()
    spec = f"{STEPS}-embed{WORDS}x{WIDTH}-positions-attn{HEADS}:causal:block-mlp{4 * WIDTH}:block-layernorm-{head}"
    correct = int((logits.view(-1, WORDS).argmax(1) == labels).sum())
    return {
        "spec": spec, "batch": BATCH, "inputs": tokens.reshape(-1).tolist(), "labels": labels.tolist(), "loss": loss.item(), "correct": correct,
        "outputs": listed(logits), "gradients": [listed(parameter.grad) for parameter in tensors],
    }


def main():
    golden = {"about": f"written by make_decoder_golden.py with PyTorch {torch.__version__}, float64", "decoders": [run(Decoder, f"tokens{WORDS}:tied"), run(PlainDecoder, f"tokens{WORDS}")]}
    (FOLDER / "decoders.json").write_text(json.dumps(golden, separators=(",", ":")).replace('{"spec"', '\n{"spec"') + "\n")


main()
