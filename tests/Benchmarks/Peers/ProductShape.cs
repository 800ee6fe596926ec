namespace EdgeLearn.Benchmarks;

/// <summary>One product C[m x n] = op(A)[m x k] op(B)[k x n], all row-major: shape and which operands are stored transposed.</summary>
/// <param name="Name">what it is in training</param>
/// <param name="M">rows of C</param>
/// <param name="N">columns of C</param>
/// <param name="K">terms of each sum</param>
/// <param name="TransposeA">A lies as [k x m]</param>
/// <param name="TransposeB">B lies as [n x k]</param>
/// <param name="IsUpdate">C -= rate * op(A) op(B) instead: a gradient that is applied as it is formed</param>
sealed record ProductShape(string Name, int M, int N, int K, bool TransposeA = false, bool TransposeB = false, bool IsUpdate = false)
{
    /// <summary>Rate of an update.</summary>
    public const float Rate = 1e-6f;

    /// <summary>Operations: a multiply-add is two.</summary>
    public double Flop => 2.0 * M * N * K;

    /// <summary>Bytes of the three matrices, each once.</summary>
    public double Bytes => 4.0 * ((double)M * K + (double)K * N + (double)M * N);
}
