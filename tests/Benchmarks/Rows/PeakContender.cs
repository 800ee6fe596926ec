namespace EdgeLearn.Benchmarks;

/// <summary>
/// Multiply-adds from registers at the width the compiler took: asked beside every kernel, since the clock and a busy sibling move it.
/// </summary>
sealed unsafe class PeakContender(NativeLoops loops) : Contender("multiply-add peak")
{
    const int CallsLength = 2000;

    readonly LoopContender _loop = new("peak", count =>
    {
        var fma = (delegate* unmanaged[Cdecl]<long, void>)loops.Function("edge_fma");
        fma((long)count * CallsLength);
    });

    // Short turns: nothing has to warm up but the clock.
    public override double MedianMicroseconds(double blockMs) => _loop.MedianMicroseconds(Math.Min(blockMs, 2));

    /// <summary>GFLOP/s of a time that <see cref="MedianMicroseconds"/> gave.</summary>
    public double GflopsOf(double microseconds) => 2.0 * loops.Sums * (loops.VectorBits / 32) * CallsLength / microseconds * 1e-3;
}
