using Microsoft.ML.OnnxRuntime;

namespace EdgeLearn.OnnxRuntime;

/// <summary>Turns the exceptions of ONNX Runtime into one line.</summary>
static class OrtErrors
{
    /// <summary>Calls the runtime.</summary>
    public static T Translate<T>(string model, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (OnnxRuntimeException e)
        {
            throw Refused(model, e);
        }
        catch (Exception e) when (e is DllNotFoundException or TypeInitializationException { InnerException: DllNotFoundException })
        {
            throw new EdgeLearnException($"{model} cannot be run: the native library of ONNX Runtime (libonnxruntime.so) is not beside "
                + $"the program", e);
        }
    }

    /// <summary>The runtime's refusal as one line.</summary>
    public static EdgeLearnException Refused(string model, OnnxRuntimeException e)
        => new($"{model}: ONNX Runtime says: {e.Message.ReplaceLineEndings(" ").Trim()}", e);
}
