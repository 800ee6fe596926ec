namespace EdgeLearn.Commands;

/// <summary>
/// The network that data gets where the user names none. All have hidden units that see different things (maps, steps), for which
/// forward-only learning is as good as backprop; chosen on validation samples of images, sensor windows and tables, for the kind and not
/// for the set.
/// </summary>
static class UsualNetwork
{
    // What is much longer than wide is a sequence of steps, not an image.
    const int SequenceRatio = 3;

    /// <summary>A network for samples of this shape.</summary>
    /// <param name="input">shape of a sample</param>
    /// <param name="outputs">classes, or real targets of a sample</param>
    /// <param name="loss">what the outputs are held against</param>
    public static NetworkSpec For(Shape input, int outputs, Loss loss)
        => NetworkSpec.Parse($"{input}-{Hidden(input)}-{outputs}", input, loss);

    static string Hidden(Shape input) => input switch
    {
        { IsImage: false } => "256",
        { Rank: 2 } when input.Height >= SequenceRatio * input.Width => Sequence(input.Height),
        { Rank: 3 } when Math.Min(input.Height, input.Width) >= 16 =>
            "conv3x3x32:same-batchnorm-relu-pool2-conv3x3x48:same-batchnorm-relu-pool2-conv3x3x64:same-batchnorm-relu-pool2-128:relu",
        _ when Math.Min(input.Height, input.Width) >= 16 => "conv5x5x16:relu-pool2-conv5x5x32:relu-pool2-128:relu",
        _ when Math.Min(input.Height, input.Width) >= 4 => "conv3x3x16:same:relu-conv3x3x32:same:relu-pool2-128:relu",
        _ => "256",
    };

    // Long series are sampled often, so that the first layer may skip; short ones cost little, so that it may be wide, which brings local
    // heads nearest to backprop.
    static string Sequence(int steps)
    {
        string first = steps >= 256 ? "conv16x32:stride4" : steps >= 64 ? "conv9x32:same" : steps >= 16
            ? "conv9x128:same"
            : "conv3x32:same", second = steps >= 16 ? "conv9x64:same" : "conv3x64:same";
        return $"{first}-batchnorm-relu-{(steps >= 64 ? "pool2-" : "")}{second}-batchnorm-relu-globalmax";
    }
}
