"""A reader and a writer of safetensors files, for Pythons without that package (Debian has none). PyTorch tensors in, PyTorch tensors out, in the order of the dictionary."""
import json
import struct

import numpy as np
import torch

NAMES = {torch.float32: "F32", torch.float64: "F64", torch.float16: "F16", torch.bfloat16: "BF16", torch.int64: "I64", torch.int32: "I32"}
TYPES = {name: dtype for dtype, name in NAMES.items()}


def save(tensors, path, metadata=None):
    header, blobs, end = {} if metadata is None else {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        tensor = tensor.detach().contiguous()
        raw = (tensor.view(torch.int16) if tensor.dtype == torch.bfloat16 else tensor).numpy().tobytes()
        header[name] = {"dtype": NAMES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [end, end + len(raw)]}
        blobs.append(raw)
        end += len(raw)
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def load(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        dtype, (start, end) = TYPES[entry["dtype"]], entry["data_offsets"]
        raw = np.frombuffer(data[start:end], dtype=np.int16 if dtype == torch.bfloat16 else str(dtype).split(".")[1])
        tensors[name] = (torch.tensor(raw).view(dtype) if dtype == torch.bfloat16 else torch.tensor(raw)).reshape(entry["shape"])
    return tensors
