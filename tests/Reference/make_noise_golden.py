#!/usr/bin/env python3
"""Writes noise.json: golden values of the noise hash, version 1.

A second implementation, written from the description in runtime/EdgeLearn/Kernels/Noise.cs and Gaussian.cs, in plain Python (no packages). Single precision is
emulated by rounding every double operation, which is exact for + - * / and sqrt. The noise is frozen with the file format: if this file's output changes, the
format has changed.
"""
import json
import math
import pathlib
import struct

M32, M64 = 0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF


def mix64(x):
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & M64
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & M64
    return x ^ (x >> 31)


def mix32(x):
    x = (x ^ (x >> 16)) * 0x7FEB352D & M32
    x = (x ^ (x >> 15)) * 0x846CA68B & M32
    return x ^ (x >> 16)


def tensor_hash(name):
    h = 0xCBF29CE484222325
    for byte in name.encode():
        h = (h ^ byte) * 0x100000001B3 & M64
    return mix64(h)


def key_of(seed, tensor):
    return mix64(mix64((seed + 0x9E3779B97F4A7C15) & M64) ^ tensor)


def derive(seed, a, b):
    return mix64((mix64(mix64((seed + 0x9E3779B97F4A7C15) & M64) ^ a) + 0xD1B54A32D192ED03 * (b + 1)) & M64)


def word(key, i):
    linear = (i & M32) * 0x9E3779B9 + (i >> 32 & M32) * 0x85EBCA6B + (key & M32)
    return mix32((mix32(linear & M32) + (key >> 32)) & M32)


def f32(x):
    return struct.unpack("<f", struct.pack("<f", x))[0]


def bits(x):
    return struct.unpack("<I", struct.pack("<f", x))[0]


def horner(t, coefficients):
    """Highest power first; every product and sum rounded."""
    value = f32(coefficients[0])
    for c in coefficients[1:]:
        value = f32(f32(value * t) + f32(c))
    return value


def log32(u):
    shifted = (bits(u) - 0x3F3504F3) & M32
    exponent = (shifted - (1 << 32) if shifted >> 31 else shifted) >> 23
    m = struct.unpack("<f", struct.pack("<I", (bits(u) - (exponent << 23)) & M32))[0]
    s = f32(f32(m - 1) / f32(m + 1))
    t = f32(s * s)
    series = horner(t, [1 / 9, 1 / 7, 1 / 5, 1 / 3, 1])
    high = f32(exponent * 0.693359375)
    low = f32(exponent * f32(-2.12194440e-4))
    return f32(high + f32(low + f32(f32(2 * s) * series)))


def cos_turn(turn):
    full, half, quarter, eighth = 1 << 24, 1 << 23, 1 << 22, 1 << 21
    turn %= full
    if turn > half:
        turn = full - turn
    negative = turn > quarter
    if negative:
        turn = half - turn
    step = f32(f32(math.tau) / full)
    if turn <= eighth:
        x = f32(turn * step)
        value = horner(f32(x * x), [1 / 40320, -1 / 720, 1 / 24, -1 / 2, 1])
    else:
        x = f32((quarter - turn) * step)
        value = f32(x * horner(f32(x * x), [1 / 362880, -1 / 5040, 1 / 120, -1 / 6, 1]))
    return -value if negative else value


def gaussian(key, index):
    pair = index & ~1
    u = f32(((word(key, pair) >> 8) + 1) * 2.0**-24)
    radius = f32(math.sqrt(f32(-2 * log32(u))))
    turn = word(key, pair + 1) >> 8
    return f32(radius * cos_turn(turn if index % 2 == 0 else turn - (1 << 22)))


def main():
    names = ["layers.0.weight", "layers.0.bias", "layers.11.weight", "", "grüße"]
    seeds = [0, 1, 42, 1 << 32, M64]
    indices = [0, 1, 2, 3, 31, 32, 1000, (1 << 24) + 5, M32, 1 << 32, (1 << 40) + 7]
    keys = [key_of(seed, tensor_hash(name)) for seed in seeds for name in names[:2]]
    golden = {
        "about": "written by make_noise_golden.py; 64-bit numbers and float bits in hexadecimal",
        "version": 1,
        "tensorHashes": [{"name": name, "hash": f"{tensor_hash(name):x}"} for name in names],
        "keys": [{"seed": f"{s:x}", "name": n, "key": f"{key_of(s, tensor_hash(n)):x}"} for s in seeds for n in names[:2]],
        "derived": [{"seed": f"{s:x}", "a": a, "b": b, "value": f"{derive(s, a, b):x}"} for s in seeds for a, b in [(0, 0), (1, 0), (0, 1), (12345, 67)]],
        "words": [{"key": f"{k:x}", "index": f"{i:x}", "word": f"{word(k, i):x}"} for k in keys for i in indices],
        "gaussians": [
            {"key": f"{k:x}", "first": f"{first:x}", "bits": [f"{bits(gaussian(k, first + i)):08x}" for i in range(16)]}
            for k in keys[:4] for first in [0, 1001, (1 << 33) + 1]
        ],
    }
    path = pathlib.Path(__file__).with_name("noise.json")
    path.write_text(json.dumps(golden, indent=1, ensure_ascii=True) + "\n")


if __name__ == "__main__":
    main()
