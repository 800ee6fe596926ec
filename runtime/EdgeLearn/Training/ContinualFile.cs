using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// What runs keep of the past between them, as a safetensors file: the replay buffer (<c>replay.inputs</c> [samples x values] in the type
/// that the data has, <c>replay.labels</c> or <c>replay.targets</c>, <c>replay.scale</c> of rounded ones), elastic weight consolidation
/// (<c>layers.0.weight.anchor</c> and <c>.importance</c>) and the weights of a rule's local heads (<c>layers.0.head.0.weight</c>); a
/// checkpoint has the averaged weights in their place (<c>.average</c>), for it keeps heads as the rule's state. The metadata has
/// <c>edgelearn.past</c> (1), <c>replay.seen</c>, <c>ewc.tasks</c>, <c>heads.rule</c>, <c>average.steps</c> and, where known,
/// <c>edgelearn.classes</c>.
/// </summary>
public static class ContinualFile
{
    internal const int Format = 1;

    /// <summary>Writes what a session keeps durably in place of an older file.</summary>
    /// <param name="path">the file</param>
    /// <param name="session">at the end of its run</param>
    /// <param name="classNames">what the labels are called, where they have names</param>
    public static void Save(string path, TrainingSession session, IReadOnlyList<string>? classNames = null)
        => DurableFile.Replace(path, WriterOf(session, classNames, withAverage: false).WriteTo);

    /// <summary>The bytes of the file.</summary>
    public static byte[] ToArray(TrainingSession session, IReadOnlyList<string>? classNames = null)
        => WriterOf(session, classNames, withAverage: false).ToArray();

    internal static SafeTensorsWriter WriterOf(TrainingSession session, IReadOnlyList<string>? classNames, bool withAverage)
    {
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("edgelearn.past", Text(Format));
        if (classNames is not null)
            writer.AddMetadata("edgelearn.classes", JsonText.List(classNames));
        if (session.ReplayBuffer is { } replay) Add(writer, replay, session.Preparation);
        if (session.Consolidation is { TaskCount: > 0 } ewc)
        {
            writer.AddMetadata("ewc.tasks", Text(ewc.TaskCount));
            Add(writer, session.Network.Parameters, ".anchor", () => ewc.Anchors);
            Add(writer, session.Network.Parameters, ".importance", () => ewc.Importance);
        }

        if (!withAverage && session.Rule is LocalLearning { HeadParameters: { } heads })
        {
            writer.AddMetadata("heads.rule", session.Rule.Name);
            foreach (var slice in heads.Slices.Where(slice => slice.Trainable)) ModelFile.Add(writer, heads, slice);
        }

        if (withAverage && session.Average is { } average)
        {
            writer.AddMetadata("average.steps", Text(average.Count));
            Add(writer, session.Network.Parameters, ".average", () => average.Values);
        }

        return writer;
    }

    static void Add(SafeTensorsWriter writer, ReplayBuffer replay, Preparation preparation)
    {
        writer.AddMetadata("replay.seen", Text(replay.SeenCount));
        writer.Add("replay.inputs", TypeOf(replay.Number), [replay.Count, replay.InputLength], replay.Inputs.Length,
            file => file.Write(replay.Inputs));
        writer.Add(replay.IsLabelled ? "replay.labels" : "replay.targets", replay.IsLabelled ? "I32" : "F32",
            [replay.Count, replay.AnswerLength], replay.Answers.Length, file => file.Write(replay.Answers));
        if (replay.IsQuantised) writer.Add("replay.scale", [replay.Count], (ReadOnlySpan<float>)replay.AllScales[..replay.Count]);
        if (replay.StoresPrepared) ModelFile.Add(writer, preparation);

        var seen = replay.Policy.SeenOfClass;
        if (seen.IsEmpty) return;
        writer.Add("replay.class_seen", "I64", [seen.Length], MemoryMarshal.AsBytes(seen));
        writer.Add("replay.class_was_largest", "BOOL", [seen.Length], MemoryMarshal.AsBytes(replay.Policy.WasLargest));
    }

    static void Add(SafeTensorsWriter writer, ParameterSet parameters, string suffix, Func<ReadOnlySpan<float>> values)
    {
        foreach (var slice in parameters.Slices)
        {
            writer.Add(slice.Name + suffix, "F32", slice.Shape, slice.Length * (long)sizeof(float),
                file => file.Write(MemoryMarshal.AsBytes(values().Slice(slice.Offset, slice.Length))));
        }
    }

    /// <summary>Gives a session, before its first step, what earlier runs kept.</summary>
    /// <param name="path">the file</param>
    /// <param name="session">with the settings that keep the same things</param>
    /// <param name="classNames">what the labels of its data are called, where they have names</param>
    /// <exception cref="EdgeLearnException">It is no such file, or does not fit the session; the message says what to do.</exception>
    public static void Load(string path, TrainingSession session, IReadOnlyList<string>? classNames = null)
    {
        using var source = ByteSource.Open(path, path);
        Load(source, session, classNames);
    }

    /// <summary>Gives a session, before its first step, what earlier runs kept.</summary>
    /// <param name="bytes">the whole file; not kept</param>
    /// <param name="name">what to call it in errors</param>
    /// <param name="session">with the settings that keep the same things</param>
    /// <param name="classNames">what the labels of its data are called, where they have names</param>
    /// <exception cref="EdgeLearnException">It is no such file, or does not fit the session; the message says what to do.</exception>
    public static void Load(ReadOnlyMemory<byte> bytes, string name, TrainingSession session, IReadOnlyList<string>? classNames = null)
    {
        using var source = new ByteSource(bytes, name);
        Load(source, session, classNames);
    }

    internal static void Load(ByteSource source, TrainingSession session, IReadOnlyList<string>? classNames = null)
        => new ContinualFileReader(new SafeTensors(source), source.Name, session).Run(classNames);

    internal static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    internal static string TypeOf(StoredNumber number) => number switch
    {
        StoredNumber.UInt8 => "U8",
        StoredNumber.Int8 => "I8",
        StoredNumber.Int16 => "I16",
        _ => "F32",
    };
}
