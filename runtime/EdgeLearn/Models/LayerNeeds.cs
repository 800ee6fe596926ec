namespace EdgeLearn;

/// <summary>What a pass through a layer will be asked for.</summary>
/// <param name="IsProbed">whether weights are read through a probe</param>
/// <param name="Saves">whether gradients will be asked for</param>
/// <param name="SharesInput">whether both signs of a probe have the same input, as in a first layer</param>
/// <param name="StepRows">
/// rows of the step's batch where the pass sees a part of them, so that gradients are summed up over parts; 0 = it sees all
/// </param>
readonly record struct PassKind(bool IsProbed = false, bool Saves = false, bool SharesInput = false, int StepRows = 0)
{
    /// <summary>
    /// Whether the forward pass saves marks in place of what the gradients would read (<see cref="Layer.LeavesMarks"/>), and scratch is
    /// short where it need not be long.
    /// </summary>
    public bool IsCompact { get; init; }

    /// <summary>Whether the rows are a part of a batch.</summary>
    public bool IsPart => StepRows > 0;
}

/// <summary>Floats of the buffers that the verbs of a <see cref="Layer"/> need for a batch; a smaller batch needs no more.</summary>
readonly record struct LayerNeeds
{
    /// <summary>What Forward leaves for the gradients.</summary>
    public long Saved { get; init; }

    /// <summary>dz.</summary>
    public long InnerGradient { get; init; }

    /// <summary>Whether dz is dy and nothing else, as long as the output, so that it may lie where dy lies.</summary>
    public bool IsInPlace { get; init; }

    /// <summary>
    /// Sums of the gradients of a layer's tensors over the parts of a batch, as the layer itself lays them out; 0 for a whole batch where
    /// the layer needs none.
    /// </summary>
    public long Sums { get; init; }

    /// <summary>Scratch of Forward.</summary>
    public long ForwardScratch { get; init; }

    /// <summary>Scratch of InnerGradient.</summary>
    public long InnerScratch { get; init; }

    /// <summary>Scratch of ParameterGradient or, for a part, of AddGradient and HandOver.</summary>
    public long ParameterScratch { get; init; }

    /// <summary>Scratch of InputGradient.</summary>
    public long InputScratch { get; init; }

    /// <summary>Scratch of ForwardPair beside that of Forward.</summary>
    public long PairScratch { get; init; }

    /// <summary>Scratch of all that is done on the way back.</summary>
    /// <param name="withInput">whether the gradient by the input is asked for</param>
    internal long BackScratch(bool withInput) => Math.Max(InnerScratch, Math.Max(ParameterScratch, withInput ? InputScratch : 0));
}
