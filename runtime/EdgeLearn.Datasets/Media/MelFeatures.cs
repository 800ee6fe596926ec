namespace EdgeLearn.Datasets;

/// <summary>
/// The energy of a frame of sound in bands as wide as people tell pitches apart, as a logarithm, or the first coefficients of their cosine
/// transform (MFCC). With w(n) = 0.5 - 0.5 cos(2 pi n / N) over the N samples of a frame and X the Fourier transform of w x, padded with
/// zeros to a power of two M: e(b) = sum over k of t(b, k) |X(k)|^2 and y(b) = ln(e(b) + 1e-6), where t(b) rises in a straight line from 0
/// at f(b) to 1 at f(b+1) and falls to 0 at f(b+2), and f are Bands + 2 frequencies from 0 to half the rate at equal distances of
/// mel(f) = 2595 log10(1 + f / 700). MFCC: c(i) = s(i) sum over b of y(b) cos(pi i (b + 0.5) / Bands), s(0) = sqrt(1 / Bands), else
/// sqrt(2 / Bands). M is the smallest at which every band has a bin, at most 16 N. The same bits on every board.
/// </summary>
/// <remarks>Source: as torchaudio's MelSpectrogram(center=False, mel_scale="htk", norm=None) and MFCC(log_mels=True) define them.</remarks>
public sealed class MelFeatures
{
    // So that silence is a number; a quiet room is above it.
    const double Floor = 1e-6;

    readonly RealFourier _fourier;
    readonly float[] _window;
    readonly float[] _spectrum;
    readonly int[] _firstBins;
    readonly float[][] _weights;
    readonly double[] _bands;
    readonly float[] _cosines;

    /// <summary>Makes the tables; nothing is allocated afterwards.</summary>
    /// <param name="settings">what is made of a frame</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of its range.</exception>
    public MelFeatures(MelSettings settings)
    {
        if (!settings.IsValid) throw new ArgumentOutOfRangeException(nameof(settings), settings, "a number is out of its range");
        Settings = settings;
        int length = 8;
        while (length < settings.FrameLength) length *= 2;
        int longest = 16 * length;
        (_firstBins, _weights) = Triangles(settings, length);
        while (length < longest && Array.Exists(_weights, band => band.Length == 0))
            (_firstBins, _weights) = Triangles(settings, length *= 2);
        _fourier = new RealFourier(length);
        _spectrum = new float[length + 2];
        _bands = new double[settings.Bands];
        _window = new float[settings.FrameLength];
        for (int n = 0; n < _window.Length; n++)
            _window[n] = (float)(0.5 - (0.5 * PortableMath.SineCosineOfTurns((double)n / _window.Length).Cosine));
        _cosines = Cosines(settings);
    }

    /// <summary>What is made of a frame.</summary>
    public MelSettings Settings { get; }

    /// <summary>Makes the values of one frame. Allocates nothing; one call at a time.</summary>
    /// <param name="frame">[FrameLength] samples, -1 to 1</param>
    /// <param name="values">[Width], written</param>
    public void Compute(ReadOnlySpan<float> frame, Span<float> values)
    {
        if (frame.Length != Settings.FrameLength)
            throw new ArgumentException($"{frame.Length} samples, a frame has {Settings.FrameLength}");
        if (values.Length != Settings.Width) throw new ArgumentException($"{values.Length} values, a frame has {Settings.Width}");
        for (int n = 0; n < frame.Length; n++) _spectrum[n] = frame[n] * _window[n];
        _spectrum.AsSpan(frame.Length).Clear();
        _fourier.Transform(_spectrum);
        for (int b = 0; b < _bands.Length; b++) _bands[b] = PortableMath.Log(Energy(b) + Floor);
        if (Settings.Coefficients == 0)
        {
            for (int b = 0; b < _bands.Length; b++) values[b] = (float)_bands[b];
            return;
        }

        for (int i = 0; i < values.Length; i++)
        {
            double sum = 0;
            for (int b = 0; b < _bands.Length; b++) sum += _bands[b] * _cosines[(i * _bands.Length) + b];
            values[i] = (float)sum;
        }
    }

    double Energy(int band)
    {
        double energy = 0;
        int bin = 2 * _firstBins[band];
        foreach (float weight in _weights[band])
        {
            double real = _spectrum[bin], imaginary = _spectrum[bin + 1];
            energy += weight * ((real * real) + (imaginary * imaginary));
            bin += 2;
        }

        return energy;
    }

    // The bins that lie inside of a band, and how much each counts.
    static (int[] First, float[][] Weights) Triangles(MelSettings settings, int length)
    {
        double highest = 0.5 * settings.Rate, binHertz = (double)settings.Rate / length;
        double log = PortableMath.Log(1 + (highest / 700));
        double[] edges = new double[settings.Bands + 2];
        for (int i = 0; i < edges.Length; i++) edges[i] = 700 * (Exp(log * i / (edges.Length - 1)) - 1);
        int[] first = new int[settings.Bands];
        float[][] weights = new float[settings.Bands][];
        for (int b = 0; b < first.Length; b++)
        {
            double left = edges[b], top = edges[b + 1], right = edges[b + 2];
            first[b] = (int)Math.Floor(left / binHertz) + 1;
            int end = Math.Min((int)Math.Ceiling(right / binHertz), (length / 2) + 1);
            weights[b] = new float[Math.Max(0, end - first[b])];
            for (int k = 0; k < weights[b].Length; k++)
            {
                double hertz = (first[b] + k) * binHertz;
                weights[b][k] = (float)Math.Max(0, Math.Min((hertz - left) / (top - left), (right - hertz) / (right - top)));
            }
        }

        return (first, weights);

        static double Exp(double x) => 1 / PortableMath.Exp(-x);
    }

    static float[] Cosines(MelSettings settings)
    {
        float[] cosines = new float[settings.Coefficients * settings.Bands];
        for (int i = 0; i < settings.Coefficients; i++)
        {
            double scale = Math.Sqrt((i == 0 ? 1.0 : 2.0) / settings.Bands);
            for (int b = 0; b < settings.Bands; b++)
            {
                cosines[(i * settings.Bands) + b]
                    = (float)(scale * PortableMath.SineCosineOfTurns(i * (b + 0.5) / (2 * settings.Bands)).Cosine);
            }
        }

        return cosines;
    }
}
