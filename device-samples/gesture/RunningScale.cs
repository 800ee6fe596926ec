namespace EdgeLearn.Gesture;

/// <summary>
/// Standardises features by the mean and deviation of all that came before them and of themselves: x' = (x - mean) / deviation.
/// </summary>
/// <remarks>Source: Welford 1962.</remarks>
sealed class RunningScale(int length)
{
    readonly float[] _mean = new float[length];
    readonly float[] _squares = new float[length];
    int _count;

    /// <summary>Takes in and standardises one row in place.</summary>
    public void Apply(Span<float> features)
    {
        _count++;
        for (int i = 0; i < features.Length; i++)
        {
            float before = features[i] - _mean[i];
            _mean[i] += before / _count;
            _squares[i] += before * (features[i] - _mean[i]);
            float deviation = MathF.Sqrt(_squares[i] / _count);
            features[i] = deviation > 0 ? (features[i] - _mean[i]) / deviation : 0;
        }
    }
}
