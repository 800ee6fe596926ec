namespace EdgeLearn.Benchmarks;

/// <summary>What a job may use: peers that were found, the machine's limits, and how long to take.</summary>
sealed record BenchContext
{
    /// <summary>Whether the run must end within two minutes.</summary>
    public required bool Quick { get; init; }

    /// <summary>OpenBLAS, if installed.</summary>
    public OpenBlas? OpenBlas { get; init; }

    /// <summary>oneDNN, if installed.</summary>
    public OneDnn? OneDnn { get; init; }

    /// <summary>The C loops, if there is a compiler.</summary>
    public NativeLoops? Loops { get; init; }

    /// <summary>PyTorch, if installed.</summary>
    public TorchPeer? Torch { get; init; }

    /// <summary>Limits of the core; null without C loops.</summary>
    public MachineLimits? Limits { get; init; }

    /// <summary>The program whose memory and start are measured; null where the launcher has not built it.</summary>
    public string? WorkloadProgram { get; init; }

    /// <summary>A folder for files that go from one process to another.</summary>
    public required string Folder { get; init; }

    /// <summary>Ends the run early.</summary>
    public CancellationToken Stop { get; init; }

    /// <summary>Rounds and turns of kernels.</summary>
    public Pace KernelPace => Quick ? new Pace(5, 2, 3) : new Pace(9, 3, 6);

    /// <summary>Rounds and turns of whole steps.</summary>
    public Pace StepPace => Quick ? new Pace(5, 1, 30) : new Pace(9, 4, 40);

    /// <summary>The multiply-add peak as a contender, to be asked in every round; null without C loops.</summary>
    public PeakContender? Peak() => Loops is null ? null : new PeakContender(Loops);
}
