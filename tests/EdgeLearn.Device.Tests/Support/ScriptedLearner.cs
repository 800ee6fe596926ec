using EdgeLearn.Device;
using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>
/// Models are texts such as <c>0.90 anything</c>: the number is their accuracy on 1000 held-out examples. A text that starts with
/// <c>broken</c> cannot be loaded. Training gives a content that depends on base and round alone.
/// </summary>
sealed class ScriptedLearner : BoardLearner
{
    public Action<string>? OnScore { get; init; }

    public Action<CancellationToken>? OnTrain { get; init; }

    public int ContentBytes { get; init; } = 5000;

    public int TrainCalls { get; private set; }

    public override int ExampleCount => 321;

    public override IReadOnlyList<Codec> Codecs => [Codec.Float32];

    public static byte[] Model(double accuracy, string tail = "") =>
        System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"{accuracy:F2} {tail}").PadRight(4500, '.'));

    public override ModelScore Score(string modelPath, CancellationToken stop)
    {
        string text = File.ReadAllText(modelPath);
        OnScore?.Invoke(text);
        if (!double.TryParse(text.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture, out double accuracy))
            throw new EdgeLearnException("this is no model");
        return new ModelScore(accuracy, 1 - accuracy, 1000);
    }

    public override BoardUpdate Train(TrainTask task, ulong device, string basePath, CancellationToken stop)
    {
        TrainCalls++;
        OnTrain?.Invoke(stop);
        byte[] content = new byte[ContentBytes];
        new Random((int)task.Round).NextBytes(content);
        return new BoardUpdate
        {
            Write = stream => stream.Write(content),
            Shape = Digest.Of("shape"u8),
            ExampleCount = 321,
            Norm = 1,
            Loss = 0.5,
            Accuracy = 0.75,
            StepMs = 2,
            Seconds = 3
        };
    }
}
