#!/usr/bin/env python3
"""Exchanges nets with a living PyTorch, both ways, through the command line.

    /usr/bin/python3 tests/Reference/pytorch_roundtrip.py ./edgelearn

For each net of pytorch_nets.py: a state_dict that PyTorch saves has the same loss on the same data here, imported and as it is; trained here for a few steps and exported, it loads into the module
with strict=True and has the same loss there. The last line is "N passed, N failed"; the exit code is 1 where one failed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch

import pytorch_nets
import safetensors_io

SAMPLES = 40


def run(*arguments):
    result = subprocess.run([*sys.argv[1:], *map(str, arguments)], capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise RuntimeError(f"{' '.join(map(str, arguments))}: {result.stderr.strip()}")
    return json.loads(result.stdout)


def loss_there(module, x, labels):
    with torch.no_grad():
        return float(torch.nn.functional.cross_entropy(module(torch.tensor(x)).double(), torch.tensor(labels)))


def check(what, here, there):
    if not abs(here - there) <= 1e-5 * abs(there):
        raise RuntimeError(f"{what}: loss {here} here, {there} in PyTorch")


def exchange(folder, network, shape, classes, module):
    random = np.random.default_rng(1)
    x, labels = random.standard_normal((SAMPLES, *shape)).astype(np.float32), random.integers(0, classes, SAMPLES)
    labels[:classes] = range(classes)
    data = folder / "data"
    data.mkdir()
    for part in ("train", "test"):
        np.save(data / f"{part}-features.npy", x)
        np.save(data / f"{part}-labels.npy", labels)

    state, model, trained, back = (folder / f"{name}.safetensors" for name in ("state", "model", "trained", "back"))
    safetensors_io.save(module.state_dict(), state)
    before = loss_there(module, x, labels)
    run("model", "import", state, "--network", network, "--output", model, "--json")
    check("imported", run("evaluate", "--model", model, "--data", data, "--json")["test_loss"], before)
    check("as it is", run("evaluate", "--model", state, "--network", network, "--data", data, "--json")["test_loss"], before)

    here = run("train", "--model", state, "--network", network, "--data", data, "--preparation", "none", "--rule", "backprop", "--lr", "0.05", "--steps", "3", "--save", trained, "--json")["test_loss"]
    run("model", "export", trained, "--like", state, "--output", back, "--json")
    module.load_state_dict(safetensors_io.load(back), strict=True)
    check("exported", here, loss_there(module, x, labels))
    if here == before:
        raise RuntimeError("training changed nothing")


def main():
    passed = failed = 0
    for seed, (name, network, shape, classes, module) in enumerate(pytorch_nets.nets(), 1):
        with tempfile.TemporaryDirectory() as folder:
            try:
                exchange(pathlib.Path(folder), network, shape, classes, pytorch_nets.randomise(module, seed))
                passed += 1
            except RuntimeError as error:
                failed += 1
                print(f"FAILED {name}: {error}")
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
