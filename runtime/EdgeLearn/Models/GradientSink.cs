namespace EdgeLearn;

/// <summary>
/// Where a layer's parameter gradient goes, panel by panel. Each panel is finished when it arrives (its sum over the batch is complete), so that an update can
/// consume it and no gradient buffer is needed.
/// </summary>
public abstract class GradientSink
{
    /// <summary>Takes the gradient of part of a tensor; the span is scratch of the caller and dies with the call.</summary>
    /// <param name="slice">the tensor</param>
    /// <param name="offset">first float in the tensor</param>
    /// <param name="gradient">gradient of the mean loss</param>
    public abstract void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient);
}
