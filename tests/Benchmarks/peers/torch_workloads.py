"""PyTorch's side of the benchmark: one thread, driven over stdin and stdout, one line each way.

    versions                     -> JSON: versions, BLAS library, threads
    prepare ID FILE              -> ok            builds ID from the tensors of FILE (safetensors; `-`: its own random numbers)
    run ID FORM MS               -> median, minimum and maximum time of a step in microseconds, over about MS milliseconds
    loss ID FORM STEPS           -> loss of the last of STEPS steps (before its update), from the starting weights
    reset ID                     -> ok            back to the starting weights
    times ID FORM COUNT          -> p50 and p99 of COUNT single steps in microseconds
    output ID FILE               -> ok            writes the outputs of a forward pass as raw float32
    export ID FILE               -> ok            writes the network as ONNX
    drop ID                      -> ok

Alone:  torch_workloads.py --solo ID STEPS STARTED_NS -> JSON: peak RSS in bytes, ms from STARTED_NS (CLOCK_MONOTONIC) to the end of the first step.

Forms: autograd (optim.SGD), foreach (Adam, foreach=True), bare (no autograd: gradients by hand, in-place addmm_), forward, forward_loss, mezo.
"""
import json
import os
import struct
import sys
import time

os.environ.update(OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)
torch.manual_seed(1)

DENSE = {
    "W1": ([784, 256, 128, 10], 32), "W1a": ([784, 256, 128, 10], 32), "W1t": ([784, 256, 128, 10], 32),
    "W1s": ([512] * 7 + [10], 32), "W1st": ([512] * 7 + [10], 32),
    "W3": ([784, 256, 128, 10], 1), "W3t": ([784, 256, 128, 10], 1), "W3s": ([64, 32, 10], 1),
    "W4b1": ([784, 256, 128, 10], 1), "W4b32": ([784, 256, 128, 10], 32), "start": ([784, 500, 10], 64),
}
RATES = {"W1a": 1e-4, "W3": 1e-3, "W3t": 1e-3, "W3s": 1e-3, "W6": 1e-3, "W6z": 1e-6}


def read_tensors(path):
    with open(path, "rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        content = bytearray(file.read())
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = {"F32": torch.float32, "I32": torch.int32}[entry["dtype"]]
        tensors[name] = torch.frombuffer(content, dtype=kind, offset=begin, count=(end - begin) // 4).reshape(entry["shape"]).clone()
    return tensors


def peak_rss_bytes():
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) * 1024 for line in status if line.startswith("VmHWM"))


def timed(step, ms, least=1):
    step()
    times, end = [], time.perf_counter_ns() + ms * 1e6
    while len(times) < least or time.perf_counter_ns() < end:
        begin = time.perf_counter_ns()
        step()
        times.append(time.perf_counter_ns() - begin)
    return sorted(times)


class Work:
    """A module, one fixed batch, and the steps that can be taken on them."""

    def __init__(self, module, inputs, labels, rate):
        self.module, self.inputs, self.labels, self.rate = module, inputs, labels, rate
        self.keep()

    def keep(self):
        self.start = [p.detach().clone() for p in self.module.parameters()]
        self.optimisers = {}

    def reset(self):
        with torch.no_grad():
            for p, s in zip(self.module.parameters(), self.start):
                p.copy_(s)
        self.optimisers = {}

    def loss(self):
        outputs = self.module(self.inputs)
        return F.cross_entropy(outputs.view(-1, outputs.shape[-1]), self.labels)

    def optimiser(self, form):
        if form not in self.optimisers:
            parameters = list(self.module.parameters())
            self.optimisers[form] = {
                "autograd": lambda: torch.optim.SGD(parameters, self.rate),
                "adam": lambda: torch.optim.Adam(parameters, self.rate),
                "foreach": lambda: torch.optim.Adam(parameters, self.rate, foreach=True),
            }[form]()
        return self.optimisers[form]

    def step_of(self, form):
        if form in ("autograd", "adam", "foreach"):
            optimiser = self.optimiser(form)
            return lambda: self.autograd(optimiser)
        return getattr(self, form)

    def autograd(self, optimiser):
        optimiser.zero_grad(set_to_none=True)
        loss = self.loss()
        loss.backward()
        optimiser.step()
        return loss

    def forward(self):
        with torch.inference_mode():
            return self.module(self.inputs)

    def forward_loss(self):
        with torch.inference_mode():
            return self.loss().item()

    def mezo(self, epsilon=1e-3):
        self.seed = getattr(self, "seed", 0) + 1
        parameters = list(self.module.parameters())

        def add(scale):
            torch.manual_seed(self.seed)
            for p in parameters:
                p.data.add_(torch.normal(mean=0, std=1, size=p.size(), dtype=p.dtype), alpha=scale)

        with torch.inference_mode():
            add(epsilon)
            plus = self.loss().item()
            add(-2 * epsilon)
            minus = self.loss().item()
            add(epsilon)
            add(-self.rate * (plus - minus) / (2 * epsilon))
        return (plus + minus) / 2


class DenseWork(Work):
    def __init__(self, name, tensors):
        if "inputs" in tensors:
            batch, width = tensors["inputs"].shape
            widths = [width] + [len(tensors[f"layers.{i}.bias"]) for i in range(sum(key.endswith(".bias") for key in tensors))]
        else:
            widths, batch = DENSE[name]
        layers = []
        for i in range(len(widths) - 1):
            layers += [nn.Linear(widths[i], widths[i + 1]), nn.Tanh()]
        module = nn.Sequential(*layers[:-1])
        self.targets = [tensors[f"layers.{i}.target"] for i in range(len(widths) - 2)] if "layers.0.target" in tensors else []
        with torch.no_grad():
            for i, linear in enumerate(module[::2]):
                if f"layers.{i}.weight" in tensors:
                    linear.weight.copy_(tensors[f"layers.{i}.weight"])
                    linear.bias.copy_(tensors[f"layers.{i}.bias"])
        inputs = tensors["inputs"] if "inputs" in tensors else torch.randn(batch, widths[0])
        labels = tensors["labels"].long() if "labels" in tensors else torch.randint(0, widths[-1], (batch,))
        super().__init__(module, inputs, labels, RATES.get(name, 0.01))
        self.one_hot = F.one_hot(self.labels, widths[-1]).float()
        self.rows = torch.arange(batch)

    def keep(self):
        super().keep()
        self.weights = [(linear.weight.data, linear.bias.data) for linear in self.module[::2]]

    @torch.no_grad()
    def bare(self):
        return self.target_projection() if self.targets else self.backprop()

    def head(self, z):
        p = torch.log_softmax(z, 1)
        return -p[self.rows, self.labels].mean(), p.exp_().sub_(self.one_hot).div_(z.shape[0])

    def apply(self, i, g, x):
        w, b = self.weights[i]
        w.addmm_(g.t(), x, alpha=-self.rate)
        b.add_(g.sum(0), alpha=-self.rate)

    def backprop(self):
        xs, last = [self.inputs], len(self.weights) - 1
        for i, (w, b) in enumerate(self.weights):
            z = torch.addmm(b, xs[-1], w.t())
            xs.append(z.tanh_() if i < last else z)
        loss, g = self.head(xs[-1])
        for i in range(last, -1, -1):
            below = torch.mm(g, self.weights[i][0]).mul_(1 - xs[i] * xs[i]) if i else None
            self.apply(i, g, xs[i])
            g = below
        return loss

    def target_projection(self):
        x, last = self.inputs, len(self.weights) - 1
        for i, (w, b) in enumerate(self.weights):
            z = torch.addmm(b, x, w.t())
            if i < last:
                z.tanh_()
                g = (z - self.targets[i][self.labels]).mul_(1 - z * z).div_(z.shape[0])
            else:
                loss, g = self.head(z)
            self.apply(i, g, x)
            x = z
        return loss


class ConvolutionNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2, self.f1, self.f2 = nn.Conv2d(1, 8, 5), nn.Conv2d(8, 16, 5), nn.Linear(256, 128), nn.Linear(128, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2)
        return self.f2(F.relu(self.f1(x.flatten(1))))


class RecurrentNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList([nn.GRU(9, 64, batch_first=True), nn.Linear(64, 6)])

    def forward(self, x):
        return self.layers[1](self.layers[0](x)[0][:, -1])


class Block(nn.Module):
    def __init__(self, d, heads):
        super().__init__()
        self.heads, self.n1, self.qkv, self.o = heads, nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        self.n2, self.up, self.down = nn.LayerNorm(d), nn.Linear(d, 4 * d), nn.Linear(4 * d, d)

    def forward(self, x, mask):
        b, t, d = x.shape
        q, k, v = (part.view(b, t, self.heads, d // self.heads).transpose(1, 2) for part in self.qkv(self.n1(x)).split(d, 2))
        a = torch.softmax((q @ k.transpose(-2, -1)) * (d // self.heads) ** -0.5 + mask[:t, :t], -1)
        x = x + self.o((a @ v).transpose(1, 2).reshape(b, t, d))
        return x + self.down(F.gelu(self.up(self.n2(x)), approximate="tanh"))


class Decoder(nn.Module):
    def __init__(self, vocabulary=8192, d=128, blocks=4, heads=4, length=64):
        super().__init__()
        self.e, self.p = nn.Embedding(vocabulary, d), nn.Embedding(length, d)
        self.blocks, self.n = nn.ModuleList([Block(d, heads) for _ in range(blocks)]), nn.LayerNorm(d)
        for parameter in self.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, 0, 0.02)
        self.register_buffer("mask", torch.triu(torch.full((length, length), float("-inf")), 1))

    def forward(self, tokens):
        x = self.e(tokens) + self.p.weight[: tokens.shape[1]]
        for block in self.blocks:
            x = block(x, self.mask)
        return self.n(x) @ self.e.weight.t()


def build(name, tensors):
    if name in DENSE or ("layers.0.weight" in tensors and not name.startswith(("W2", "W5", "W6"))):
        return DenseWork(name, tensors)
    kind, _, batch = name.partition("b")
    rows = int(batch) if batch else 32
    if kind in ("W2", "W2f"):
        module, inputs, labels, rate = ConvolutionNet(), torch.randn(rows, 1, 28, 28), torch.randint(0, 10, (rows,)), 0.01
    elif kind in ("W5", "W5f"):
        module, inputs, labels, rate = RecurrentNet(), torch.randn(rows, 128, 9), torch.randint(0, 6, (rows,)), 0.01
    elif kind in ("W6", "W6z"):
        tokens = torch.randint(0, 8192, (8, 65))
        module, inputs, labels, rate = Decoder(), tokens[:, :-1].contiguous(), tokens[:, 1:].reshape(-1), RATES[kind]
    else:
        raise ValueError(f"unknown workload {name}")
    # Both sides list their tensors layer by layer in PyTorch's order and layout.
    weights = [tensor for key, tensor in tensors.items() if key not in ("inputs", "labels")]
    if weights:
        with torch.no_grad():
            for parameter, tensor in zip(module.parameters(), weights, strict=True):
                parameter.copy_(tensor.reshape(parameter.shape))
    if "inputs" in tensors:
        inputs = tensors["inputs"].reshape(inputs.shape).to(inputs.dtype)
    if "labels" in tensors:
        labels = tensors["labels"].long().reshape(labels.shape)
    return Work(module, inputs, labels, rate)


FORMS = {"W1a": "foreach", "W6z": "mezo"}


def versions():
    with open("/proc/self/maps") as maps:
        libraries = {line.split()[-1] for line in maps if "/" in line}
    names = sorted({os.path.basename(os.path.realpath(path)) for path in libraries if any(word in path for word in ("blas", "dnnl", "mkl"))})
    return json.dumps({"torch": torch.__version__, "python": sys.version.split()[0], "blas": names, "threads": torch.get_num_threads(), "vectors": torch.__config__.show().split("CPU capability usage: ")[1].split()[0]})


class Driver:
    def __init__(self):
        self.work = {}

    def answer(self, words):
        verb, rest = words[0], words[1:]
        if verb == "versions":
            return versions()
        name = rest[0]
        if verb == "prepare":
            self.work[name] = build(name, {} if rest[1] == "-" else read_tensors(rest[1]))
            return "ok"
        if verb == "drop":
            self.work.pop(name, None)
            return "ok"
        work = self.work[name]
        if verb == "reset":
            work.reset()
            return "ok"
        if verb == "run":
            times = timed(work.step_of(rest[1]), float(rest[2]))
            return " ".join(f"{t / 1e3:.4f}" for t in (times[len(times) // 2], times[0], times[-1]))
        if verb == "times":
            times = timed(work.step_of(rest[1]), 0, int(rest[2]))
            return f"{times[len(times) // 2] / 1e3:.4f} {times[int(len(times) * 0.99)] / 1e3:.4f}"
        if verb == "loss":
            work.reset()
            step = work.step_of(rest[1])
            for _ in range(int(rest[2])):
                loss = step()
            work.reset()
            return repr(float(loss))
        if verb == "output":
            with open(rest[1], "wb") as file:
                file.write(work.forward().contiguous().numpy().tobytes())
            return "ok"
        if verb == "export":
            torch.onnx.export(work.module.eval(), work.inputs, rest[1], input_names=["x"], output_names=["y"], opset_version=14)
            return "ok"
        raise ValueError(f"unknown command {verb}")


def solo(name, steps, started):
    work = build(name, {})
    step = work.step_of(FORMS.get(name, "forward" if "4" in name else "autograd"))
    first = 0
    for i in range(steps):
        step()
        if i == 0:
            first = (time.clock_gettime_ns(time.CLOCK_MONOTONIC) - started) / 1e6
    print(json.dumps({"peak_rss_bytes": peak_rss_bytes(), "first_step_ms": first}))


def main():
    if sys.argv[1:2] == ["--solo"]:
        return solo(sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
    driver = Driver()
    for line in sys.stdin:
        try:
            answer = driver.answer(line.split())
        except Exception as error:
            answer = "error: " + " ".join(f"{type(error).__name__}: {error}".split())
        print(answer, flush=True)


if __name__ == "__main__":
    main()
