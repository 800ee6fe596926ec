namespace EdgeLearn;

/// <summary>One direction of one zeroth-order step: the whole gradient estimate in 12 bytes, Scalar * z(Seed).</summary>
/// <param name="Seed">of the noise</param>
/// <param name="Scalar">(loss+ - loss-) / (2 eps q), rounded to float32 before it is applied</param>
public readonly record struct ZerothOrderRecord(ulong Seed, float Scalar)
{
    // Floats of gradient formed at a time: stays in the first-level cache.
    internal const int ChunkLength = 1024;

    /// <summary>
    /// Applies the records of one step as one update: g = sum over the records, in order, of Scalar * z(Seed), chunk by chunk through the
    /// update. This is the one place where noise becomes weights, so that training, replaying a log and a hub that aggregates agree to the
    /// bit. A step with a scalar that is not finite changes nothing.
    /// </summary>
    /// <param name="slices">tensors that the directions cover; those that are not trainable stay</param>
    /// <param name="kind">distribution of the noise</param>
    /// <param name="records">the step's directions</param>
    /// <param name="update">takes the gradient, its step already begun</param>
    /// <param name="chunk">scratch of any length of 32 or more; its length does not change the result</param>
    public static void Apply(IReadOnlyList<ParameterSlice> slices, NoiseKind kind, ReadOnlySpan<ZerothOrderRecord> records,
        UpdateRule update, Span<float> chunk)
    {
        foreach (var record in records)
        {
            if (!float.IsFinite(record.Scalar)) return;
        }

        for (int s = 0; s < slices.Count; s++)
        {
            var slice = slices[s];
            if (!slice.Trainable) continue;
            for (int offset = 0; offset < slice.Length; offset += chunk.Length)
            {
                var gradient = chunk[..Math.Min(chunk.Length, slice.Length - offset)];
                gradient.Clear();
                foreach (var record in records)
                    Noise.Add(kind, Noise.Key(record.Seed, slice.NameHash), offset, record.Scalar, gradient, gradient);
                update.Accept(slice, offset, gradient);
            }
        }
    }
}
