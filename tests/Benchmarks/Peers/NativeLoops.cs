using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;

namespace EdgeLearn.Benchmarks;

/// <summary>
/// The C files of native/, compiled for this CPU into one shared library and called in this process: what the core can do at most, and
/// loops written by hand. Built again when a file or the command changes.
/// </summary>
sealed unsafe class NativeLoops
{
    static readonly string[] s_files = ["limits", "activations", "online"];

    readonly nint _handle;

    NativeLoops(nint handle, string compiler)
    {
        _handle = handle;
        Compiler = compiler;
        VectorBits = ((delegate* unmanaged[Cdecl]<int>)Function("edge_vector_bits"))();
        Sums = ((delegate* unmanaged[Cdecl]<int>)Function("edge_fma_sums"))();
    }

    /// <summary>What compiled it.</summary>
    public string Compiler { get; }

    /// <summary>Width of the vectors it was compiled for.</summary>
    public int VectorBits { get; }

    /// <summary>Independent sums of the multiply-add loop.</summary>
    public int Sums { get; }

    /// <summary>The address of a function, to be cast to its type.</summary>
    public void* Function(string name) => (void*)NativeLibrary.GetExport(_handle, name);

    /// <summary>The address of a function that only some CPUs have, or null.</summary>
    public void* Find(string name) => NativeLibrary.TryGetExport(_handle, name, out nint address) ? (void*)address : null;

    /// <summary>Compiles what is out of date and loads it; null, with the reason, where there is no compiler or it fails.</summary>
    /// <param name="sources">folder of the C files</param>
    /// <param name="output">folder for what is built</param>
    /// <param name="reason">why there are none</param>
    public static NativeLoops? Build(string sources, string output, out string reason)
    {
        reason = "";
        if (Run("gcc", ["--version"], out string version) != 0)
        {
            reason = "there is no gcc";
            return null;
        }

        version = version.Split('\n')[0];
        string[] options = ["-O3", "-march=native", "-fno-math-errno", "-fPIC",
            .. RuntimeInformation.ProcessArchitecture == Architecture.X64 ? (string[])["-mprefer-vector-width=512"] : []];
        var key = new StringBuilder(version).AppendJoin(' ', options);
        foreach (string file in s_files) key.Append(File.ReadAllText(Path.Combine(sources, file + ".c")));
        key.Append(File.Exists("/proc/cpuinfo") ? Commands.Machine.Model : "");
        string digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key.ToString())))[..16];
        string library = Path.Combine(output, $"loops-{digest}.so");
        if (!File.Exists(library) && !Compile(sources, output, options, library, out reason)) return null;
        if (!NativeLibrary.TryLoad(library, out nint handle))
        {
            reason = $"{library} cannot be loaded";
            return null;
        }

        return new NativeLoops(handle, version);
    }

    static bool Compile(string sources, string output, string[] options, string library, out string reason)
    {
        Directory.CreateDirectory(output);
        var objects = new List<string>();
        foreach (string file in s_files)
        {
            string target = Path.Combine(output, file + ".o");
            objects.Add(target);
            // Linked without -ffast-math, which would bring code that flushes denormals for the whole process.
            string[] fast = file == "activations" ? ["-ffast-math", "-fopenmp-simd"] : [];
            if (Run("gcc", [.. options, .. fast, "-c", Path.Combine(sources, file + ".c"), "-o", target], out reason) != 0) return false;
        }

        string part = library + ".part";
        if (Run("gcc", ["-shared", "-o", part, .. objects, "-lm"], out reason) != 0) return false;
        File.Move(part, library, overwrite: true);
        return true;
    }

    static int Run(string program, string[] arguments, out string output)
    {
        try
        {
            using var process =
                Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var error = process.StandardError.ReadToEndAsync();
            output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            output += error.Result;
            return process.ExitCode;
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            output = e.Message;
            return -1;
        }
    }
}
