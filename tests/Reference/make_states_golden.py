#!/usr/bin/env python3
"""Writes states/*.safetensors and states.json: state_dicts that PyTorch saved, with the outputs of their nets.

Run with a Python that has torch: /usr/bin/python3 tests/Reference/make_states_golden.py. The weights are float32, the outputs are computed in float64.
"""
import json
import pathlib

import numpy as np
import torch

import pytorch_nets
import safetensors_io

FOLDER = pathlib.Path(__file__).parent


def main():
    (FOLDER / "states").mkdir(exist_ok=True)
    cases = []
    for seed, (name, network, shape, _, module) in enumerate(pytorch_nets.nets(), 1):
        pytorch_nets.randomise(module, seed)
        safetensors_io.save(module.state_dict(), FOLDER / "states" / f"{name}.safetensors", {"format": "pt"})
        x = np.random.default_rng(seed).standard_normal((3, *shape)).astype(np.float32)
        y = module.double()(torch.tensor(x).double())
        cases.append({"name": name, "network": network, "inputs": [float(f"{v:.9g}") for v in x.ravel()], "outputs": [float(f"{v:.10g}") for v in y.detach().numpy().ravel()]})
    golden = {"about": f"written by make_states_golden.py with PyTorch {torch.__version__}", "cases": cases}
    (FOLDER / "states.json").write_text(json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


if __name__ == "__main__":
    main()
