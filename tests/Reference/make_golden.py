#!/usr/bin/env python3
"""Writes updates.json and networks.json: expected values from PyTorch in double precision.

Run with a Python that has torch (Debian: python3-torch, then /usr/bin/python3 tests/Reference/make_golden.py). Inputs are rounded to float32 first, so that both
sides start from the same numbers; everything after that is float64 in PyTorch. docs/golden-vectors.md says what is tested against what.
"""
import json
import pathlib

import numpy as np
import torch

FOLDER = pathlib.Path(__file__).parent
torch.set_default_dtype(torch.float64)


def rounded(array):
    return np.asarray(array, dtype=np.float32).astype(np.float64)


def listed(values, digits):
    flat = values.detach().numpy().ravel() if torch.is_tensor(values) else np.ravel(values)
    return [float(f"{v:.{digits}g}") for v in flat]


def write(name, golden):
    golden = {"about": f"written by make_golden.py with PyTorch {torch.__version__}, float64", **golden}
    (FOLDER / name).write_text(json.dumps(golden, separators=(",", ":")).replace('{"name"', '\n{"name"') + "\n")


# --- update rules: 20 steps with given gradients on a matrix (weight decay applies) and a vector (it does not)

STEPS, MATRIX, VECTOR = 20, (5, 7), (3,)


def optimizers():
    yield "sgd", 0.1, {}, lambda groups: torch.optim.SGD(groups, lr=0.1)
    yield "sgd momentum", 0.1, {"momentum": 0.9}, lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9)
    # Coupled and decoupled decay are the same for SGD without momentum.
    yield "sgd decay", 0.1, {"decay": 0.05}, lambda groups: torch.optim.SGD(groups, lr=0.1)
    yield "adam", 0.01, {}, lambda groups: torch.optim.Adam(groups, lr=0.01)
    yield "adam large epsilon", 0.01, {"beta1": 0.5, "beta2": 0.75, "epsilon": 0.125}, lambda groups: torch.optim.Adam(groups, lr=0.01, betas=(0.5, 0.75), eps=0.125)
    yield "adamw", 0.01, {"decay": 0.1}, lambda groups: torch.optim.AdamW(groups, lr=0.01)


def updates():
    random = np.random.default_rng(1)
    # Gradients of very different size, some zero.
    scale = 10.0 ** random.uniform(-3, 1, size=38)
    gradients = rounded(random.standard_normal((STEPS, 38)) * scale * (random.uniform(size=(STEPS, 38)) > 0.1))
    start = rounded(random.standard_normal(38))
    cases = []
    for name, rate, options, build in optimizers():
        matrix = torch.nn.Parameter(torch.tensor(start[:35].reshape(MATRIX)))
        vector = torch.nn.Parameter(torch.tensor(start[35:]))
        optimizer = build([{"params": [matrix], "weight_decay": options.get("decay", 0)}, {"params": [vector], "weight_decay": 0}])
        after = {}
        for step in range(STEPS):
            matrix.grad = torch.tensor(gradients[step, :35].reshape(MATRIX))
            vector.grad = torch.tensor(gradients[step, 35:])
            optimizer.step()
            if step in (0, STEPS - 1):
                after[step + 1] = listed(torch.cat([matrix.flatten(), vector]), 12)
        cases.append({"name": name, "rate": rate, **options, "after1": after[1], f"after{STEPS}": after[STEPS]})
    write("updates.json", {"start": listed(start, 9), "gradients": [listed(g, 9) for g in gradients], "cases": cases})


# --- whole networks: forward, loss, gradients, five training steps


class Field(torch.nn.Module):
    """Every unit has its own list of inputs, [units, fan]."""

    def __init__(self, weight, bias, inputs):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(torch.tensor(weight)), torch.nn.Parameter(torch.tensor(bias))
        self.inputs = torch.tensor(inputs)

    def forward(self, x):
        return (x[:, self.inputs] * self.weight).sum(2) + self.bias


class Dense(torch.nn.Module):
    def __init__(self, weight, bias):
        super().__init__()
        self.weight, self.bias = torch.nn.Parameter(torch.tensor(weight)), torch.nn.Parameter(torch.tensor(bias))

    def forward(self, x):
        return torch.nn.functional.linear(x, self.weight, self.bias)


def windows(random, image, size, units):
    """Corners of random windows, and the inputs that each sees: rows of the window, then columns, then channels."""
    height, width, channels = image
    rows, columns = size
    corners = np.stack([random.integers(0, height - rows + 1, units), random.integers(0, width - columns + 1, units)], axis=1)
    inputs = [[((r + i) * width + c + j) * channels + k for i in range(rows) for j in range(columns) for k in range(channels)] for r, c in corners]
    return corners, np.array(inputs)


ACTIVATIONS = {"tanh": torch.tanh, "relu": torch.relu, "identity": lambda z: z}


def network(name, spec, loss, batch, layers, image, seed):
    """layers: (units, activation, None | (rows, columns) | fan)."""
    random = np.random.default_rng(seed)
    modules, described, width = [], [], int(np.prod(image))
    inputs = rounded(random.standard_normal((batch, width)))
    for units, activation, field in layers:
        places = None
        if isinstance(field, tuple):
            corners, seen = windows(random, image, field, units)
            places = corners
        elif field:
            seen = np.array([sorted(random.choice(width, field, replace=False)) for _ in range(units)])
            places = seen
        fan = width if field is None else seen.shape[1]
        weight, bias = rounded(random.standard_normal((units, fan)) / np.sqrt(fan)), rounded(random.standard_normal(units) * 0.1)
        modules.append((Dense(weight, bias) if field is None else Field(weight, bias, seen), ACTIVATIONS[activation]))
        described.append({"weight": listed(weight, 9), "bias": listed(bias, 9), **({} if places is None else {"places": places.ravel().tolist()})})
        width = units

    classes = torch.tensor(random.integers(0, width, batch))
    targets = torch.tensor(rounded(random.standard_normal((batch, width))))

    def run():
        x = torch.tensor(inputs)
        for module, activation in modules:
            x = activation(module(x))
        if loss == "cross-entropy":
            return x, torch.nn.functional.cross_entropy(x, classes)
        return x, 0.5 * torch.nn.functional.mse_loss(x, targets)

    parameters = [p for module, _ in modules for p in (module.weight, module.bias)]
    start = [p.detach().clone() for p in parameters]
    outputs, value = run()
    gradients = torch.autograd.grad(value, parameters)
    golden = {
        "name": name, "spec": spec, "loss": loss, "batch": batch, "inputs": listed(inputs, 9),
        **({"labels": classes.tolist()} if loss == "cross-entropy" else {"targets": listed(targets, 9)}),
        "layers": described, "outputs": listed(outputs, 10), "value": float(value), "gradients": [listed(g, 10) for g in gradients], "trained": [],
    }
    for update, rate, build in [
        ("sgd", 0.25, lambda: torch.optim.SGD(parameters, lr=0.25)),
        ("sgd momentum", 0.125, lambda: torch.optim.SGD(parameters, lr=0.125, momentum=0.9)),
        ("adam", 0.01, lambda: torch.optim.Adam(parameters, lr=0.01)),
    ]:
        with torch.no_grad():
            for p, s in zip(parameters, start):
                p.copy_(s)
        optimizer, losses = build(), []
        for _ in range(5):
            optimizer.zero_grad()
            _, value = run()
            value.backward()
            losses.append(float(value))
            optimizer.step()
        golden["trained"].append({"name": update, "rate": rate, "losses": losses, "weights": [listed(p, 10) for p in parameters]})
    return golden


def networks():
    write("networks.json", {"networks": [
        network("windows", "6x5-12@3x2-8-4", "cross-entropy", 5, [(12, "tanh", (3, 2)), (8, "tanh", None), (4, "identity", None)], (6, 5, 1), 1),
        network("channels and choices", "4x4x2-9@2x3:relu-6@5-3:tanh", "mean-square", 5, [(9, "relu", (2, 3)), (6, "tanh", 5), (3, "tanh", None)], (4, 4, 2), 2),
        network("dense", "16-12:relu-10", "cross-entropy", 7, [(12, "relu", None), (10, "identity", None)], (1, 16, 1), 3),
    ]})


if __name__ == "__main__":
    updates()
    networks()
