namespace EdgeLearn.Benchmarks;

/// <summary>Measures what one core can do at most, with the C loops.</summary>
sealed unsafe class LimitMeter(NativeLoops loops)
{
    static readonly long[] s_workingSets = [16 << 10, 512 << 10, 4 << 20, 12 << 20, 384L << 20];

    /// <summary>Everything; takes about two seconds.</summary>
    public MachineLimits Measure()
    {
        var peaks = new List<PeakRate>();
        foreach (var (name, bits) in ((string, int)[])[("edge_fma128", 128), ("edge_fma256", 256), ("edge_fma", loops.VectorBits)])
        {
            if (loops.Find(name) == null || peaks.Exists(peak => peak.VectorBits == bits)) continue;
            peaks.Add(new PeakRate(bits, Peak(name, bits)));
        }

        var (clock, nops) = Clock();
        return new MachineLimits
        {
            ClockGhz = clock,
            NopsPerCycleBefore = nops,
            Peaks = peaks,
            Memory = [.. s_workingSets.Select(MemoryRates)]
        };
    }

    /// <summary>Clock in GHz, and nops a cycle.</summary>
    public (double ClockGhz, double NopsPerCycle) Clock()
    {
        double adds = 50 / Best("edge_dependent_adds", 20_000), nops = 50 / Best("edge_nops", 100_000);
        return (adds * 1e-3, nops / adds);
    }

    double Peak(string name, int bits) => 2.0 * loops.Sums * (bits / 32) / Best(name, 200_000) * 1e-3;

    // Microseconds of one iteration, the best of a few.
    double Best(string name, int count)
    {
        var function = (delegate* unmanaged[Cdecl]<long, void>)loops.Function(name);
        return BestOf(5, () => function(count)) / count;
    }

    static double BestOf(int times, Action run)
    {
        double best = double.MaxValue;
        for (int i = 0; i < times; i++)
        {
            long begin = System.Diagnostics.Stopwatch.GetTimestamp();
            run();
            best = Math.Min(best, System.Diagnostics.Stopwatch.GetElapsedTime(begin).TotalMicroseconds);
        }

        return best;
    }

    Bandwidth MemoryRates(long bytes)
    {
        using var block = new NativeBlock(bytes);
        float* a = (float*)block.Address;
        long length = bytes / sizeof(float), third = length / 3 / 16 * 16;
        for (long i = 0; i < length; i++) a[i] = 1e-3f * (i % 97);
        int times = (int)Math.Max(1, (16L << 20) / bytes);
        var read = (delegate* unmanaged[Cdecl]<float*, long, void>)loops.Function("edge_read");
        var inPlace = (delegate* unmanaged[Cdecl]<float*, float, long, void>)loops.Function("edge_in_place");
        var triad = (delegate* unmanaged[Cdecl]<float*, float*, float*, long, void>)loops.Function("edge_triad");
        double Rate(double bytesMoved, Action once) => bytesMoved * times / BestOf(5, () =>
        {
            for (int i = 0; i < times; i++) once();
        }) * 1e-3;
        return new Bandwidth(
            bytes,
            Rate(length * 4.0, () => read(a, length)),
            Rate(length * 8.0, () => inPlace(a, 1e-9f, length)),
            Rate(third * 12.0, () => triad(a, a + third, a + 2 * third, third)));
    }
}
