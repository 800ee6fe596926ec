namespace EdgeLearn.Datasets;

/// <summary>
/// The Fourier transform of M real values, M a power of two from 8: X(k) = sum over n of x(n) exp(-2 pi i k n / M) for k from 0 to M/2.
/// Even and odd values are the two parts of M/2 complex ones, which are transformed in place (radix 2, in the order of bits reversed) and
/// taken apart again.
/// </summary>
sealed class RealFourier
{
    readonly int _half;
    readonly float[] _cosines;
    readonly float[] _sines;

    /// <summary>Makes the tables.</summary>
    /// <param name="length">M</param>
    public RealFourier(int length)
    {
        _half = length / 2;
        _cosines = new float[_half];
        _sines = new float[_half];
        for (int k = 0; k < _half; k++)
        {
            var (sine, cosine) = PortableMath.SineCosineOfTurns((double)k / length);
            (_cosines[k], _sines[k]) = ((float)cosine, (float)-sine);
        }
    }

    /// <summary>Transforms in place.</summary>
    /// <param name="values">[M + 2]: M values; afterwards real and imaginary part of X(0) to X(M/2) in turns</param>
    public void Transform(Span<float> values)
    {
        Reverse(values);
        for (int size = 1; size < _half; size *= 2) Combine(values, size);
        Separate(values);
    }

    void Reverse(Span<float> z)
    {
        for (int i = 0, j = 0; i < _half; i++)
        {
            if (i < j)
            {
                (z[2 * i], z[2 * j]) = (z[2 * j], z[2 * i]);
                (z[(2 * i) + 1], z[(2 * j) + 1]) = (z[(2 * j) + 1], z[(2 * i) + 1]);
            }

            int bit = _half / 2;
            while (bit > 0 && (j & bit) != 0)
            {
                j ^= bit;
                bit /= 2;
            }

            j |= bit;
        }
    }

    // Two transforms of some size become one of twice that.
    void Combine(Span<float> z, int size)
    {
        int stride = _half / size; // of the table, which has twice as many steps as the complex transform
        for (int start = 0; start < _half; start += 2 * size)
        {
            for (int k = 0; k < size; k++)
            {
                int a = 2 * (start + k), b = a + (2 * size);
                float wr = _cosines[k * stride], wi = _sines[k * stride];
                float real = (z[b] * wr) - (z[b + 1] * wi), imaginary = (z[b] * wi) + (z[b + 1] * wr);
                (z[b], z[b + 1]) = (z[a] - real, z[a + 1] - imaginary);
                (z[a], z[a + 1]) = (z[a] + real, z[a + 1] + imaginary);
            }
        }
    }

    // X(k) = E(k) + exp(-2 pi i k / M) O(k), where Z = E + i O and E, O are the transforms of the even and odd values.
    void Separate(Span<float> z)
    {
        (float first, float second) = (z[0], z[1]);
        (z[0], z[1]) = (first + second, 0);
        (z[2 * _half], z[(2 * _half) + 1]) = (first - second, 0);
        for (int k = 1; k <= _half / 2; k++)
        {
            int a = 2 * k, b = 2 * (_half - k);
            float evenReal = 0.5f * (z[a] + z[b]), evenImaginary = 0.5f * (z[a + 1] - z[b + 1]);
            float oddReal = 0.5f * (z[a + 1] + z[b + 1]), oddImaginary = 0.5f * (z[b] - z[a]);
            float real = (oddReal * _cosines[k]) - (oddImaginary * _sines[k]);
            float imaginary = (oddReal * _sines[k]) + (oddImaginary * _cosines[k]);
            (z[b], z[b + 1]) = (evenReal - real, imaginary - evenImaginary);
            (z[a], z[a + 1]) = (evenReal + real, evenImaginary + imaginary);
        }
    }
}
