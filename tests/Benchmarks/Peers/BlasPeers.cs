using System.Runtime.InteropServices;

namespace EdgeLearn.Benchmarks;

/// <summary>A library with a single-precision matrix product, called in this process.</summary>
abstract unsafe class BlasPeer(string name)
{
    /// <summary>Its name and version.</summary>
    public string Name => name;

    /// <summary>The product, <paramref name="count"/> times.</summary>
    public abstract void Multiply(ProductShape shape, float* a, float* b, float* c, int count);

    protected static nint Load(string library) => NativeLibrary.TryLoad(library, out nint handle) ? handle : 0;
}

/// <summary>OpenBLAS, one thread.</summary>
sealed unsafe class OpenBlas : BlasPeer
{
    readonly delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int, void> _multiply;

    OpenBlas(nint handle, string name)
        : base(name)
    {
        _multiply = (delegate* unmanaged[Cdecl]<int, int, int, int, int, int, float, float*, int, float*, int, float, float*, int,
            void>)NativeLibrary.GetExport(handle, "cblas_sgemm");
        ((delegate* unmanaged[Cdecl]<int, void>)NativeLibrary.GetExport(handle, "openblas_set_num_threads"))(1);
    }

    /// <summary>The installed library, or null.</summary>
    public static OpenBlas? Find()
    {
        nint handle = Load("libopenblas.so.0");
        if (handle == 0) return null;
        var config = (delegate* unmanaged[Cdecl]<byte*>)NativeLibrary.GetExport(handle, "openblas_get_config");
        return new OpenBlas(handle, Marshal.PtrToStringUTF8((nint)config())!.Trim());
    }

    public override void Multiply(ProductShape shape, float* a, float* b, float* c, int count)
    {
        const int RowMajor = 101, Plain = 111, Transposed = 112;
        for (int i = 0; i < count; i++)
        {
            _multiply(
                RowMajor, shape.TransposeA ? Transposed : Plain, shape.TransposeB ? Transposed : Plain, shape.M, shape.N, shape.K,
                shape.IsUpdate ? -ProductShape.Rate : 1, a, shape.TransposeA ? shape.M : shape.K, b, shape.TransposeB ? shape.K : shape.N,
                shape.IsUpdate ? 1 : 0, c, shape.N);
        }
    }
}

/// <summary>oneDNN's sgemm, one thread.</summary>
sealed unsafe class OneDnn : BlasPeer
{
    readonly delegate* unmanaged[Cdecl]<byte, byte, long, long, long, float, float*, long, float*, long, float, float*, long,
        int> _multiply;

    OneDnn(nint handle, string name)
        : base(name)
        => _multiply =
            (delegate* unmanaged[Cdecl]<byte, byte, long, long, long, float, float*, long, float*, long, float, float*, long,
            int>)NativeLibrary.GetExport(handle, "dnnl_sgemm");

    /// <summary>The installed library, or null.</summary>
    public static OneDnn? Find()
    {
        foreach (string library in (string[])["libdnnl.so.3", "libdnnl.so.2"])
        {
            nint handle = Load(library);
            if (handle == 0) continue;
            int* version = ((delegate* unmanaged[Cdecl]<int*>)NativeLibrary.GetExport(handle, "dnnl_version"))();
            return new OneDnn(handle, $"oneDNN {version[0]}.{version[1]}.{version[2]}");
        }

        return null;
    }

    public override void Multiply(ProductShape shape, float* a, float* b, float* c, int count)
    {
        for (int i = 0; i < count; i++)
        {
            _ = _multiply(
                (byte)(shape.TransposeA ? 'T' : 'N'), (byte)(shape.TransposeB ? 'T' : 'N'), shape.M, shape.N, shape.K,
                shape.IsUpdate ? -ProductShape.Rate : 1, a, shape.TransposeA ? shape.M : shape.K, b, shape.TransposeB ? shape.K : shape.N,
                shape.IsUpdate ? 1 : 0, c, shape.N);
        }
    }
}
