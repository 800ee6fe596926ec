using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;

namespace EdgeLearn;

/// <summary>
/// Which register width the kernels use. NativeAOT decides on x64 when it compiles; on top of that <c>EDGELEARN_VECTOR_BITS</c>
/// (1 = scalar, 128, 256, 512) forces a narrower width, for tests and for comparisons, and never a wider one.
/// </summary>
public static class InstructionSet
{
    // Set before anything else runs: a static constructor would be asked for at every use, many times in a small step.
    static int s_limitBits;

#pragma warning disable CA2255 // an initialiser in a library: it reads one variable and can neither fail nor wait
    [ModuleInitializer]
#pragma warning restore CA2255
    internal static void ReadLimit()
    => s_limitBits = int.TryParse(Environment.GetEnvironmentVariable("EDGELEARN_VECTOR_BITS"), out int bits) && bits > 0 ? bits : 512;

    /// <summary>Use 16 lanes.</summary>
    public static bool Use512 => Vector512.IsHardwareAccelerated && s_limitBits >= 512;

    /// <summary>Use 8 lanes.</summary>
    public static bool Use256 => Vector256.IsHardwareAccelerated && s_limitBits >= 256;

    /// <summary>Use 4 lanes.</summary>
    public static bool Use128 => Vector128.IsHardwareAccelerated && s_limitBits >= 128;

    /// <summary>Width in use, in bits; 32 = scalar.</summary>
    public static int VectorBits => Use512 ? 512 : Use256 ? 256 : Use128 ? 128 : 32;

    /// <summary>What this program was compiled for or may use, by the field's names: <c>x86-64-v4</c>, <c>arm64+dotprod</c>.</summary>
    public static string Name => RuntimeInformation.ProcessArchitecture switch
    {
        Architecture.X64 => Avx512F.IsSupported ? "x86-64-v4" : Avx2.IsSupported && Fma.IsSupported ? "x86-64-v3" : "x86-64-v2",
        Architecture.Arm64 => Dp.IsSupported ? "arm64+dotprod" : "arm64",
        var other => other.ToString(),
    };
}
