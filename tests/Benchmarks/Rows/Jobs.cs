namespace EdgeLearn.Benchmarks;

/// <summary>Everything that is measured, with its targets. Ratios are peer / ours: a step that may take 0.94 of another's time has the target 1 / 0.94.</summary>
static class Jobs
{
    const string Autograd = "PyTorch autograd, optim.SGD", Bare = "PyTorch without autograd";

    /// <summary>All jobs in the order of the report.</summary>
    public static IReadOnlyList<BenchJob> All { get; } =
    [
        new ProductJob(new("micro-kernel", 12, 32, 512)),
        new ProductJob(new("square", 64, 64, 64), openBlasTarget: 0.85),
        .. ((int[])[128, 256, 512, 1024]).Select(n => new ProductJob(new("square", n, n, n), openBlasTarget: 1.15, oneDnnTarget: 0.95)),
        new ProductJob(new("forward", 32, 256, 784, TransposeB: true), openBlasTarget: 1.4),
        new ProductJob(new("forward", 32, 128, 256, TransposeB: true), openBlasTarget: 1.4),
        new ProductJob(new("forward", 32, 10, 128, TransposeB: true), openBlasTarget: 0.85),
        new ProductJob(new("weight-gradient", 256, 784, 32, TransposeA: true), openBlasTarget: 1.4),
        new ProductJob(new("weight-gradient", 128, 256, 32, TransposeA: true), openBlasTarget: 1.4),
        new ProductJob(new("input-gradient", 32, 256, 128), openBlasTarget: 1.4),
        new ProductJob(new("forward", 32, 512, 512, TransposeB: true)),
        new ProductJob(new("weight-gradient", 512, 512, 32, TransposeA: true)),
        new ProductJob(new("input-gradient", 32, 512, 512)),
        new ProductJob(new("head", 512, 8192, 128, TransposeB: true)),
        new StepJob("W1", "training", new TorchRival(Autograd, "autograd", 3.5), new TorchRival(Bare, "bare", 1.9)),
        new StepJob("W1a", "training", new TorchRival("PyTorch autograd, Adam foreach", "foreach", 4)),
        new StepJob("W1t", "training", new OwnRival("our backprop (W1)", "W1", 1 / 0.94, "<= 0.94 of its time"), new TorchRival(Bare, "bare")),
        new StepJob("W1s", "training", new TorchRival(Autograd, "autograd"), new TorchRival(Bare, "bare")),
        new StepJob("W1st", "training", new OwnRival("our backprop (W1s)", "W1s", 1 / 0.72, "<= 0.72 of its time"), new TorchRival(Bare, "bare")),
        new StepJob("W3", "training", new TorchRival(Autograd, "autograd", 14), new TorchRival(Bare, "bare")),
        new StepJob("W3t", "training", new OwnRival("our backprop (W3)", "W3", 1, "<= 1.0 of its time"), new TorchRival(Bare, "bare")),
        new StepJob("W3s", "training", new TorchRival(Autograd, "autograd", 200), new TorchRival(Bare, "bare")),
        new StepJob("W4b1", "inference", new TorchRival("PyTorch", "forward")),
        new StepJob("W4b32", "inference", new TorchRival("PyTorch", "forward")),
    ];
}
