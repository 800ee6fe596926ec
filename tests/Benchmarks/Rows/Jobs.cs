namespace EdgeLearn.Benchmarks;

/// <summary>
/// Everything that is measured, with its targets. Ratios are peer / ours: a step that may take 0.94 of another's time has the target 1 /
/// 0.94.
/// </summary>
static class Jobs
{
    const string Autograd = "PyTorch autograd, optim.SGD", Bare = "PyTorch without autograd", OnePass = "our forward pass";

    /// <summary>All jobs in the order of the report.</summary>
    public static IReadOnlyList<BenchJob> All { get; } =
    [
        new ProductJob(new("square", 64, 64, 64), openBlasTarget: 0.85),
        .. ((int[])[128, 256, 512, 1024]).Select(n =>
            new ProductJob(new("square", n, n, n), openBlasTarget: 1.15, oneDnnTarget: 0.95,
            microKernelTarget: n is 256 or 512 ? 0.95 : null)),
        new ProductJob(new("forward", 32, 256, 784, TransposeB: true), openBlasTarget: 1.4),
        new ProductJob(new("forward", 32, 128, 256, TransposeB: true), openBlasTarget: 1.4),
        new ProductJob(new("forward", 32, 10, 128, TransposeB: true), openBlasTarget: 0.85),
        new ProductJob(new("weight-gradient", 256, 784, 32, TransposeA: true), openBlasTarget: 1.4),
        new ProductJob(new("weight-gradient", 128, 256, 32, TransposeA: true), openBlasTarget: 1.4),
        new ProductJob(new("input-gradient", 32, 256, 128), openBlasTarget: 1.4),
        new ProductJob(new("applied-gradient", 256, 784, 32, TransposeA: true, IsUpdate: true)),
        new ProductJob(new("applied-gradient", 128, 256, 32, TransposeA: true, IsUpdate: true)),
        new ProductJob(new("forward", 32, 512, 512, TransposeB: true)),
        new ProductJob(new("weight-gradient", 512, 512, 32, TransposeA: true)),
        new ProductJob(new("input-gradient", 32, 512, 512)),
        new ProductJob(new("head", 512, 8192, 128, TransposeB: true)),
        new UpdateJob("sgd", new Sgd(new()), 12, 2),
        new UpdateJob("adam", new Adam(new()), 28, 14),
        new ActivationJob("tanh", values => Kernels.Activate(Activation.Tanh, values), "edge_tanh"),
        new StepJob("W1", "training", new TorchRival(Autograd, "autograd", 3.5), new TorchRival(Bare, "bare", 1.9)),
        new StepJob("W1a", "training", new TorchRival("PyTorch autograd, Adam foreach", "foreach", 4)),
        new StepJob("W1t", "training", new OwnRival("our backprop (W1)", "W1", 1 / 0.94, "<= 0.94 of its time"),
            new TorchRival(Bare, "bare")),
        new StepJob("W1s", "training", new TorchRival(Autograd, "autograd"), new TorchRival(Bare, "bare")),
        new StepJob("W1st", "training", new OwnRival("our backprop (W1s)", "W1s", 1 / 0.72, "<= 0.72 of its time"),
            new TorchRival(Bare, "bare")),
        new StepJob("W2", "training", new TorchRival(Autograd, "autograd", 2.5)),
        new StepJob("W2t", "training", new OwnRival("our backprop (W2)", "W2", 1 / 0.78, "<= 0.78 of its time")),
        new StepJob("W3", "training", new TorchRival(Autograd, "autograd", 14), new TorchRival(Bare, "bare"), new LoopRival(0.85)),
        new StepJob("W3t", "training", new OwnRival("our backprop (W3)", "W3", 1, "<= 1.0 of its time"), new TorchRival(Bare, "bare")),
        new StepJob("W3s", "training", new TorchRival(Autograd, "autograd", 200), new TorchRival(Bare, "bare"), new LoopRival()),
        new StepJob("W4b1", "inference", new OnnxRival(1.8), new TorchRival("PyTorch", "forward"), new LoopRival()),
        new StepJob("W4b32", "inference", new OnnxRival(1), new TorchRival("PyTorch", "forward")),
        new StepJob("W4q32", "inference", new OwnRival("our float32 (W4b32)", "W4b32", 2, ">= 2 x, with AVX-VNNI")),
        new StepJob("W2fb1", "inference", new OnnxRival(), new TorchRival("PyTorch", "forward")),
        new StepJob("W2fb32", "inference", new OnnxRival(1), new TorchRival("PyTorch", "forward")),
        new StepJob("W5", "training", new TorchRival(Autograd, "autograd", 4)),
        new StepJob("W5f", "inference", new OnnxRival(1.3), new TorchRival("PyTorch", "forward")),
        new StepJob("W6", "training", new TorchRival(Autograd, "autograd", 2.2)),
        new StepJob("W6z", "zeroth-order", new TorchRival("PyTorch, MeZO with Gaussian noise", "mezo", 2.2)),
        .. ZerothOrder("Zs", 3, 2.3, 2.12),
        .. ZerothOrder("Zd", 1.25, 2.3, 2.12),
        new ScalingJob(),
        new ThreadsJob(),
        new LatencyJob("W3"),
        new AllocationJob("W3s"),
        new AllocationJob("W3"),
        new ProcessJob("W1", 25),
        new ProcessJob("W1a", null),
        new ProcessJob("W2", 25),
        new ProcessJob("W5", 20),
        new ProcessJob("W6", 15),
        new ProcessJob("W6z", 15),
        new ProcessJob("start", null, mostMs: 12),
        new LauncherJob(mostMs: 200),
        new PlanJob("W1t", 1.03),
        new PlanJob("W1st", 1.03),
        new PlanJob("W6z", 1.12),
        new PlanJob("Zsb32s", 1.12),
        new PlanJob("Zdb32s", 1.12),
    ];

    // Two probes beside a forward pass of the same batch; targets for sign noise, in forward passes. The whole step, with its update, is
    // shown beside them.
    static IEnumerable<StepJob> ZerothOrder(string id, params double[] mostForwards)
    {
        int[] batches = [1, 32, 128];
        for (int i = 0; i < batches.Length; i++)
        {
            double most = mostForwards[i];
            string name = $"{id}b{batches[i]}", forward = name + "f";
            yield return new StepJob(name + "p", "zeroth-order",
                new OwnRival(OnePass, forward, 1 / most, FormattableString.Invariant($"<= {most} of its time")));
            yield return new StepJob(name + "g", "zeroth-order", new OwnRival(OnePass, forward));
            yield return new StepJob(name + "s", "zeroth-order", new OwnRival(OnePass, forward));
        }
    }
}
