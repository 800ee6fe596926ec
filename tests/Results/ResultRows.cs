namespace EdgeLearn.Results;

/// <summary>
/// All rows of docs/results.md, in its order. Networks and epochs are chosen on validation samples (<c>train --validation</c>), never on
/// the test part; rates are the command line's defaults and stand nowhere here.
/// </summary>
static class ResultRows
{
    // One network on one data set each.
    static readonly TrainingRow[] s_training =
    [
        new TrainingRow("mnist", "mnist", "28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu-10",
            Epochs: 4) { UpdateEpochs = 1, Targets = new() { LeastAccuracy = 98.5, WithinPoints = 0.5 } },
        new TrainingRow("mnist-windows", "mnist", "28x28-1000@10x10-10",
            Epochs: 4) { UpdateEpochs = 1, Targets = new() { Gap = null, TargetProjectionGap = null } },
        new TrainingRow("fashion", "fashion-mnist", "28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu-10",
            Epochs: 10) { UpdateEpochs = 5, Targets = new() { WithinPoints = 1 } },
        new TrainingRow("cifar10", "cifar10",
            "32x32x3-conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-"
                + "conv3x3x64:same-batchnorm-relu-pool2-128:relu-10", Epochs: 12)
        { UpdateEpochs = 2, Targets = new() { WithinPoints = 3, ClearlyAboveFrozen = true } },
        new TrainingRow("har-hapt", "har-hapt", "128x6-gru32:sequence-gru32-12",
            Epochs: 12) { UpdateEpochs = 6, Targets = new() { WithinPoints = 2 } },
        new TrainingRow("kws-mfcc", "kws-mfcc", "49x10-conv9x128:same-batchnorm-relu-conv9x64:same-batchnorm-relu-globalmax-12",
            Epochs: 30) { Folds = 5, UpdateEpochs = 12, Targets = new() { WithinPoints = 2 } },
        new TrainingRow("bearing", "bearing-cwru", "1024x1-conv16x32:stride4-batchnorm-relu-pool2-conv9x64:same-batchnorm-relu-globalmax-9",
            Epochs: 20) { UpdateEpochs = 6, Targets = new() { WithinPoints = 2 } },
        new TrainingRow("bearing-strided", "bearing-cwru",
            "1024x1-conv32x16:stride8-batchnorm-relu-conv9x32:stride2-batchnorm-relu-conv5x32-batchnorm-relu-globalmax-9",
            Epochs: 20) { UpdateEpochs = 10, Targets = new() { WithinPoints = 2 } },
        new TrainingRow("digits", "digits", "8x8-200@4x4-128-10", Epochs: 20) { Rules = ResultRule.Every, LeastSeeds = 5,
            UpdateEpochs = 10, Targets = new() { PointsAboveFrozen = 1 } },
    ];

    /// <summary>All rows.</summary>
    public static IReadOnlyList<ResultRow> All { get; } =
    [
        .. s_training,
        .. s_training.Select(row => new UpdateRow(row)),
        new XorRow("xor"),
        new SmallXorRow("xor-small"),
        new SmallMnistRow("mnist-1000"),
        new DrtpRow("drtp", Epochs: 10, Reference: 93.66),
        new TableRow("tables"),
        new StreamRow("streams"),
        new PlanRow("memory", [
            "28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu-10", "28x28-1000@10x10-10", "784-256-128-10",
            "32x32x3-conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-conv3x3x64:same-batchnorm-relu-pool2"
                + "-128:relu-10",
            "128x6-gru32:sequence-gru32-12", "49x10-conv9x128:same-batchnorm-relu-conv9x64:same-batchnorm-relu-globalmax-12",
            "1024x1-conv16x32:stride4-batchnorm-relu-pool2-conv9x64:same-batchnorm-relu-globalmax-9", "8x8-200@4x4-128-10",
            "64-embed8192x128-positions-attn4:causal:block-mlp512:block-tokens8192",
            "96x96x3-conv3x3x16:stride2:same-batchnorm-relu-depthwise3x3:same-batchnorm-relu-conv1x1x32-batchnorm-relu-pool2"
                + "-conv3x3x64:same-batchnorm-relu-globalavg-10",
        ]),
        new LimitRow("mnist", "28x28-conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-10", Epochs: 4,
            new LimitRates(0.003f, 0.006f, 0.003f)) { Least = 98.8 },
        new LimitRow("kws-mfcc", "49x10-conv9x64:same-layernorm-relu-conv9x48:same-layernorm-relu-globalmax-12", Epochs: 30,
            new LimitRates(0.006f, 0.006f, 0.03f)) { Folds = 5, Least = 81 },
        new LimitRow("cifar10", "32x32x3-conv5x5x12:stride2:same:relu-conv3x3x24:same:relu-pool2-conv3x3x32:same:relu-pool2-10",
            Epochs: 12, new LimitRates(0.006f, 0.003f, 0.003f)),
        new DepthRow("depth", Width: 256, Batch: 64),
        new FederatedRow("federated mnist 0.5", "mnist", 0.5),
        new FederatedRow("federated mnist 1", "mnist", 1),
        new FederatedRow("federated mnist 5", "mnist", 5),
        new FederatedRow("federated digits 1", "digits", 1),
        new AdaptorRow("adaptors", "mnist", "28x28-conv5x5x8:relu-pool2-conv5x5x16:relu-pool2-64:relu-10", PretrainingEpochs: 2),
        new AdaptationRow("adaptation", "mnist", "28x28-1000@10x10-10", PretrainingEpochs: 4, Steps: 20_000),
        new ContinualRow("split-mnist", "mnist", "28x28-1000@10x10-10", Samples: 2000),
    ];
}
