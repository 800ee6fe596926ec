using System.Numerics;

namespace EdgeLearn.Gesture;

/// <summary>
/// 64 samples of three axes, and what is told of them: per axis the mean and the amplitudes of 8 frequencies from 0.8 to 6.3 Hz. Where in a
/// motion the window began does not matter to an amplitude, so the learner need not learn it.
/// </summary>
sealed class MotionWindow
{
    public const int SamplesPerSecond = 50;
    public const int SampleCount = 64;
    public const int FrequencyCount = 8;
    public const int FeatureLength = 3 * (1 + FrequencyCount);

    readonly float[] _samples = new float[3 * SampleCount];
    readonly float[] _cosines = new float[FrequencyCount * SampleCount];
    readonly float[] _sines = new float[FrequencyCount * SampleCount];

    public MotionWindow()
    {
        for (int k = 0; k < FrequencyCount; k++)
        {
            for (int t = 0; t < SampleCount; t++)
                (_sines[k * SampleCount + t], _cosines[k * SampleCount + t]) = MathF.SinCos(MathF.Tau * (k + 1) * t / SampleCount);
        }
    }

    /// <summary>Sets sample t, 0..63, in m/s^2.</summary>
    public void Set(int t, Vector3 acceleration)
    {
        for (int axis = 0; axis < 3; axis++) _samples[axis * SampleCount + t] = acceleration[axis];
    }

    /// <summary>Mean and amplitudes of each axis, in m/s^2.</summary>
    /// <param name="features">[27], written</param>
    public void Describe(Span<double> features)
    {
        for (int axis = 0; axis < 3; axis++)
        {
            var samples = _samples.AsSpan(axis * SampleCount, SampleCount);
            var told = features.Slice(axis * (1 + FrequencyCount), 1 + FrequencyCount);
            told.Clear();
            foreach (float sample in samples) told[0] += sample / SampleCount;
            for (int k = 0; k < FrequencyCount; k++)
            {
                float real = 0, imaginary = 0;
                for (int t = 0; t < SampleCount; t++)
                {
                    real += samples[t] * _cosines[k * SampleCount + t];
                    imaginary += samples[t] * _sines[k * SampleCount + t];
                }

                told[1 + k] = MathF.Sqrt(real * real + imaginary * imaginary) * 2 / SampleCount;
            }
        }
    }
}
