#!/usr/bin/env python3
"""Direct random target projection on MNIST as its authors' program trains it: what the row `drtp` of docs/results.md is held against.

Written from the paper (Frenkel, Lefebvre, Bol, "Learning without feedback: Direct random target projection as a feedback-alignment algorithm with layerwise feedforward training",
arXiv:1909.01311) and the behaviour of the published program: 784-500-10, tanh hidden, sigmoid outputs, binary cross-entropy as a mean over batch and outputs, Nesterov momentum 0.9,
batches of 100, inputs 0..1, weights and biases uniform within 1 / sqrt(inputs). The delta of a hidden unit is the row of a fixed matrix that the label picks, uniform within
sqrt(6 / units), times the derivative of tanh, NOT divided by the batch.

    python3 tests/Reference/drtp.py FOLDER_OF_MNIST [epochs] [rate ...]      needs NumPy
"""
import gzip
import sys

import numpy as np


def read(path):
    data = gzip.open(path).read()
    sizes = [int.from_bytes(data[4 + 4 * i:8 + 4 * i], "big") for i in range(data[3])]
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(sizes)


def train(train_x, train_y, test_x, test_y, hidden, epochs, rate, seed):
    random = np.random.default_rng(seed)
    shapes = [(hidden, train_x.shape[1]), (10, hidden)]
    weights = [random.uniform(-1, 1, shape).astype(np.float32) / np.float32(np.sqrt(shape[1])) for shape in shapes]
    biases = [random.uniform(-1, 1, shape[0]).astype(np.float32) / np.float32(np.sqrt(shape[1])) for shape in shapes]
    targets = (random.uniform(-1, 1, (10, hidden)) * np.sqrt(6 / hidden)).astype(np.float32)
    parameters = [weights[0], biases[0], weights[1], biases[1]]
    momenta = [np.zeros_like(parameter) for parameter in parameters]
    for _ in range(epochs):
        order = random.permutation(len(train_x))
        for start in range(0, len(order), 100):
            rows = order[start:start + 100]
            x, labels = train_x[rows], train_y[rows]
            y1 = np.tanh(x @ weights[0].T + biases[0])
            out = 1 / (1 + np.exp(-(y1 @ weights[1].T + biases[1])))
            d2 = (out - np.eye(10, dtype=np.float32)[labels]) / np.float32(len(rows) * 10)
            d1 = targets[labels] * (1 - y1 * y1)
            gradients = [d1.T @ x, d1.sum(0), d2.T @ y1, d2.sum(0)]
            for parameter, momentum, gradient in zip(parameters, momenta, gradients):
                momentum *= 0.9
                momentum += gradient
                parameter -= np.float32(rate) * (gradient + np.float32(0.9) * momentum)
    guess = (np.tanh(test_x @ weights[0].T + biases[0]) @ weights[1].T + biases[1]).argmax(1)
    return (guess == test_y).mean()


def main():
    folder = sys.argv[1]
    epochs = int(sys.argv[2]) if len(sys.argv) > 2 else 10
    rates = [float(rate) for rate in sys.argv[3:]] or [1e-4]
    train_x, test_x = [read(f"{folder}/{part}-images-idx3-ubyte.gz").reshape(-1, 784).astype(np.float32) / 255 for part in ("train", "t10k")]
    train_y, test_y = [read(f"{folder}/{part}-labels-idx1-ubyte.gz") for part in ("train", "t10k")]
    for rate in rates:
        found = [train(train_x, train_y, test_x, test_y, 500, epochs, rate, seed) for seed in (1, 2, 3)]
        print(f"rate {rate}: {100 * np.mean(found):.2f} +- {100 * np.std(found, ddof=1):.2f} % after {epochs} epochs ({', '.join(f'{100 * value:.2f}' for value in found)})", flush=True)


if __name__ == "__main__":
    main()
