using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace EdgeLearn;

static partial class Kernels
{
    /// <summary>values[i] = the float whose upper half is stored[i].</summary>
    public static void DecodeBFloat16(ReadOnlySpan<ushort> stored, Span<float> values)
    {
        Check.Length(values, stored.Length);
        ref ushort s = ref MemoryMarshal.GetReference(stored);
        ref float v = ref MemoryMarshal.GetReference(values);
        int i = 0;
        for (; InstructionSet.Use128 && i + 16 <= values.Length; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.LoadUnsafe(ref s, (nuint)i));
            (low << 16).AsSingle().StoreUnsafe(ref v, (nuint)i);
            (high << 16).AsSingle().StoreUnsafe(ref v, (nuint)i + 8);
        }

        for (; i < values.Length; i++) values[i] = BitConverter.UInt32BitsToSingle((uint)stored[i] << 16);
    }

    /// <summary>values[i] = scale * codes[i].</summary>
    public static void DecodeInt8(ReadOnlySpan<sbyte> codes, float scale, Span<float> values)
    {
        Check.Length(values, codes.Length);
        ref sbyte c = ref MemoryMarshal.GetReference(codes);
        ref float v = ref MemoryMarshal.GetReference(values);
        var factor = Vector256.Create(scale);
        int i = 0;
        for (; InstructionSet.Use128 && i + 16 <= values.Length; i += 16)
        {
            var (low, high) = Vector256.Widen(Vector256.WidenLower(Vector128.LoadUnsafe(ref c, (nuint)i).ToVector256Unsafe()));
            (Vector256.ConvertToSingle(low) * factor).StoreUnsafe(ref v, (nuint)i);
            (Vector256.ConvertToSingle(high) * factor).StoreUnsafe(ref v, (nuint)i + 8);
        }

        for (; i < values.Length; i++) values[i] = scale * codes[i];
    }

    /// <summary>stored[i] = values[i] rounded to the nearest; ties to even, NaN stays NaN.</summary>
    public static void EncodeBFloat16(ReadOnlySpan<float> values, Span<ushort> stored)
    {
        for (int i = 0; i < values.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            stored[i] = float.IsNaN(values[i]) ? (ushort)(bits >> 16 | 0x40) : (ushort)((bits + 0x7FFF + (bits >> 16 & 1)) >> 16);
        }
    }

    /// <summary>codes[i] = values[i] / scale rounded to the nearest, at most 127 in magnitude.</summary>
    public static void EncodeInt8(ReadOnlySpan<float> values, float scale, Span<sbyte> codes)
    {
        for (int i = 0; i < values.Length; i++) codes[i] = (sbyte)Math.Clamp(MathF.Round(values[i] / scale), -127, 127);
    }

    /// <summary>
    /// stored[i] = values[i] rounded up or down with odds that keep its mean: the lower half of the bits and 16 noise bits are added, and
    /// the upper half is kept. Values that are stored exactly stay as they are.
    /// </summary>
    /// <param name="values">to store; finite</param>
    /// <param name="key">of the noise, one for each step and tensor</param>
    /// <param name="first">logical index of the first value</param>
    /// <param name="stored">written; the same length</param>
    public static void RoundBFloat16(ReadOnlySpan<float> values, ulong key, long first, Span<ushort> stored)
    {
        for (int i = 0; i < values.Length; i++)
        {
            uint bits = BitConverter.SingleToUInt32Bits(values[i]);
            stored[i] = float.IsFinite(values[i])
                ? (ushort)((bits + (Noise.Word(key, (ulong)(first + i)) >> 16)) >> 16)
                : (ushort)(bits >> 16 | (float.IsNaN(values[i]) ? 0x40u : 0));
        }
    }

    /// <summary>
    /// codes[i] = floor(values[i] / scale + u) with u uniform in [0, 1), at most 127 in magnitude: a rounding whose mean is the value where
    /// nothing is clamped.
    /// </summary>
    /// <param name="values">to store; NaN becomes 0</param>
    /// <param name="scale">of the row</param>
    /// <param name="key">of the noise, one for each step and tensor</param>
    /// <param name="first">logical index of the first value</param>
    /// <param name="codes">written; the same length</param>
    public static void RoundInt8(ReadOnlySpan<float> values, float scale, ulong key, long first, Span<sbyte> codes)
    {
        for (int i = 0; i < values.Length; i++)
        {
            double code = Math.Floor((double)values[i] / scale + Noise.UniformAt(key, first + i));
            codes[i] = double.IsNaN(code) ? (sbyte)0 : (sbyte)Math.Clamp(code, -127, 127);
        }
    }

    /// <summary>The scale with which the largest magnitude of a row becomes code 127; 1 for a row of zeros.</summary>
    public static float ScaleInt8(ReadOnlySpan<float> row)
    {
        float largest = row.IsEmpty ? 0 : Math.Abs(TensorPrimitives.MaxMagnitude(row));
        return largest > 0 && float.IsFinite(largest / 127) && largest / 127 > 0 ? largest / 127 : 1;
    }
}
