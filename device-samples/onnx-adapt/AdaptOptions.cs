using System.Globalization;

namespace EdgeLearn.OnnxAdapt;

/// <summary>What the command line asks for.</summary>
sealed class AdaptOptions
{
    public const string Usage = """
        onnx-adapt MODEL.onnx --lift NAME[,NAME...] [options]

        Trains some weights of an ONNX model by zeroth order, through ONNX Runtime, and shows the loss on rows it does not learn from.

          --lift NAMES      initializers to train; * and ? match any text (with a wrong name the error lists what there is)
          --data DATA       a folder, a file or a known name (mnist)
          --invert          learn the negative of the images: a camera that the model was not made for
          --range X         the model takes pixels 0..X (1)
          --steps N         two-sided steps (3000)
          --batch N         rows of a step (32)
          --lr X            rate of the first step, linear to zero (0.001)
          --epsilon X       size of a probe (0.001)
          --test-rows N     held-out rows at most (1000)
          --seed N          of order and noise (1)
          --save FILE       writes the trained model
          --json            one JSON object on standard output
        """;

    public string Model { get; private set; } = "";

    public string[] Lift { get; private set; } = [];

    public string Data { get; private set; } = "mnist";

    public bool Invert { get; private set; }

    public float Range { get; private set; } = 1;

    public int Steps { get; private set; } = 3000;

    public int Batch { get; private set; } = 32;

    public float LearningRate { get; private set; } = 1e-3f;

    public float Epsilon { get; private set; } = 1e-3f;

    public int TestRows { get; private set; } = 1000;

    public int Seed { get; private set; } = 1;

    public string? Save { get; private set; }

    public bool Json { get; private set; }

    /// <summary>Reads the command line.</summary>
    /// <exception cref="EdgeLearnException">An option is unknown or out of range.</exception>
    public static AdaptOptions Parse(string[] args)
    {
        var options = new AdaptOptions();
        for (int i = 0; i < args.Length; i++)
        {
            string name = args[i];
            string Value() => ++i < args.Length ? args[i] : throw new EdgeLearnException($"{name} needs a value: see onnx-adapt --help");
            switch (name)
            {
                case "--lift": options.Lift = Value().Split(',', StringSplitOptions.RemoveEmptyEntries); break;
                case "--data": options.Data = Value(); break;
                case "--invert": options.Invert = true; break;
                case "--range": options.Range = Number(name, Value()); break;
                case "--steps": options.Steps = Count(name, Value()); break;
                case "--batch": options.Batch = Count(name, Value()); break;
                case "--lr": options.LearningRate = Number(name, Value()); break;
                case "--epsilon": options.Epsilon = Number(name, Value()); break;
                case "--test-rows": options.TestRows = Count(name, Value()); break;
                case "--seed": options.Seed = Count(name, Value()); break;
                case "--save": options.Save = Value(); break;
                case "--json": options.Json = true; break;
                default:
                    if (name.StartsWith('-') || options.Model.Length > 0)
                        throw new EdgeLearnException($"unknown argument '{name}': see onnx-adapt --help");
                    options.Model = name;
                    break;
            }
        }

        if (options.Model.Length == 0) throw new EdgeLearnException("no model: expected onnx-adapt MODEL.onnx --lift NAME");
        if (options.Lift.Length == 0)
        {
            throw new EdgeLearnException($"nothing to train: name initializers with --lift; {options.Model} "
                + $"has {OnnxRuntime.OnnxModel.Load(options.Model).Describe()}");
        }
        return options;
    }

    static int Count(string name, string text)
        => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) && value is > 0 and <= 1 << 24
            ? value
            : throw new EdgeLearnException($"{name} {text}: expected a whole number from 1 to {1 << 24}");

    static float Number(string name, string text)
        => float.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out float value) && value > 0 && float.IsFinite(value)
            ? value : throw new EdgeLearnException($"{name} {text}: expected a positive number");
}
