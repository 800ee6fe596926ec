using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>Gives a session what a <see cref="ContinualFile"/> holds; what does not fit is refused, with what to do.</summary>
sealed class ContinualFileReader(SafeTensors file, string name, TrainingSession session)
{
    public void Run(IReadOnlyList<string>? classNames)
    {
        if (!file.Metadata.TryGetValue("edgelearn.past", out string? format))
            throw Bad("it has no edgelearn.past in its metadata: not a file that --past wrote");
        if (format != ContinualFile.Text(ContinualFile.Format))
            throw Bad($"format '{format}', this program reads {ContinualFile.Format}: use a newer program");
        CheckClasses(classNames);
        ReadReplay();
        ReadConsolidation();
        ReadAverage();
        ReadHeads();
    }

    EdgeLearnException Bad(string what) => new($"{name}: {what}");

    long? Number(string key)
    {
        if (!file.Metadata.TryGetValue(key, out string? text)) return null;
        return long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out long number)
            ? number
            : throw Bad($"{key} is '{text}', expected a number");
    }

    void CheckClasses(IReadOnlyList<string>? classNames)
    {
        if (classNames is null || !file.Metadata.TryGetValue("edgelearn.classes", out string? text)) return;
        string expected = JsonText.List(classNames);
        if (text != expected)
        {
            throw Bad($"its classes are {text}, those of this data {expected}: labels would change their meaning; number the classes "
                + $"alike in all data");
        }
    }

    SafeTensor Expect(string tensorName, string type, params ReadOnlySpan<int> shape)
    {
        var tensor = file.Find(tensorName) ?? throw Bad($"tensor {tensorName} is missing");
        if (tensor.Type == type && shape.SequenceEqual(tensor.Shape)) return tensor;
        throw Bad($"tensor {tensorName} is {tensor.Type} [{string.Join(", ", tensor.Shape)}], "
            + $"expected {type} [{string.Join(", ", shape.ToArray())}]");
    }

    // Straight to where it is used; a session whose file is refused half way is not trained.
    void Read(SafeTensor tensor, Span<float> values)
    {
        file.Read(tensor, MemoryMarshal.AsBytes(values));
        CheckFinite(tensor, values);
    }

    float[] Floats(SafeTensor tensor)
    {
        float[] values = new float[tensor.Bytes / sizeof(float)];
        Read(tensor, values);
        return values;
    }

    void CheckFinite(SafeTensor tensor, ReadOnlySpan<float> values)
    {
        if (!TensorPrimitives.IsFiniteAll(values)) throw Bad($"tensor {tensor.Name} has a value that is not a finite number");
    }

    // Looks at the values of a tensor in pieces.
    void ForEachPiece<T>(SafeTensor tensor, Action<ReadOnlySpan<T>> look)
        where T : unmanaged
    {
        byte[] piece = new byte[(int)Math.Min(tensor.Bytes, 1 << 15)];
        for (long at = 0; at < tensor.Bytes; at += piece.Length)
        {
            var bytes = piece.AsSpan(0, (int)Math.Min(piece.Length, tensor.Bytes - at));
            file.Read(tensor, at, bytes);
            look(MemoryMarshal.Cast<byte, T>(bytes));
        }
    }

    void ReadReplay()
    {
        if (file.Find("replay.inputs") is not { } inputs) return;
        var replay = session.ReplayBuffer
            ?? throw Bad($"it holds {inputs.Shape.FirstOrDefault()} samples, which would be lost: add --replay-bytes");
        string type = ContinualFile.TypeOf(replay.Number);
        bool isQuantised = file.Find("replay.scale") is not null;
        if (inputs.Type != type || isQuantised != replay.IsQuantised)
        {
            throw Bad($"its samples are stored as {Word(inputs.Type, isQuantised)}, this run stores {Word(type, replay.IsQuantised)}: "
                + $"use data of one kind, and the same --replay-storage");
        }
        if (inputs.Shape is not [var count, var length] || length != replay.InputLength)
            throw Bad($"its samples have {inputs.Shape.LastOrDefault()} values, the network takes {replay.InputLength}");
        long seen = Number("replay.seen") ?? throw Bad("replay.seen is missing");
        if (seen < count) throw Bad($"{count} samples of {seen} seen");
        if (replay.StoresPrepared != (file.Find("input.shift") is not null))
            throw Bad("its samples and this run's are prepared at different times: use data of one kind");
        if (replay.StoresPrepared && !ModelFile.ReadPreparation(file, name).Equals(session.Preparation))
            throw Bad("its samples were prepared in another way: go on from the model that was trained with them");
        if (type == "F32") ForEachPiece<float>(inputs, values => CheckFinite(inputs, values));
        var tensor = replay.IsLabelled
            ? Expect("replay.labels", "I32", count, replay.AnswerLength)
            : Expect("replay.targets", "F32", count, replay.AnswerLength);
        if (replay.IsLabelled) ForEachPiece<int>(tensor, CheckLabels);
        else ForEachPiece<float>(tensor, values => CheckFinite(tensor, values));
        var scale = replay.IsQuantised ? Expect("replay.scale", "F32", count) : tensor;
        if (replay.IsQuantised) ForEachPiece<float>(scale, values => CheckFinite(scale, values));
        replay.Fill(count, seen, (at, bytes) => file.Read(inputs, at, bytes), (at, bytes) => file.Read(tensor, at, bytes),
            (at, bytes) => file.Read(scale, at, bytes));
        ReadCounts(replay);
    }

    static string Word(string type, bool isQuantised) => isQuantised ? "rounded int8" : type;

    void CheckLabels(ReadOnlySpan<int> labels)
    {
        int classes = ReplayBuffer.ClassCount(session.Network);
        foreach (int label in labels)
        {
            if ((uint)label >= (uint)classes)
            {
                throw Bad($"it holds a sample of class {label}, the network has {classes}: go on from the model that was trained "
                    + $"with it");
            }
        }
    }

    // Fewer classes than now is fine: a class may have been added. A buffer that was no balanced one knows no counts.
    void ReadCounts(ReplayBuffer replay)
    {
        var seen = replay.Policy.SeenOfClass;
        if (seen.IsEmpty) return;
        if (file.Find("replay.class_seen") is not { } counts)
        {
            foreach (int label in replay.Labels) seen[label]++;
            return;
        }

        var largest = Expect("replay.class_was_largest", "BOOL", counts.Shape);
        if (counts.Type != "I64" || counts.Shape is not [var length] || length > seen.Length)
            throw Bad($"replay.class_seen is {counts.Type} [{string.Join(", ", counts.Shape)}], expected I64 of up to {seen.Length}");
        file.Read(counts, MemoryMarshal.AsBytes(seen[..length]));
        byte[] was = new byte[length];
        file.Read(largest, was);
        for (int c = 0; c < length; c++) replay.Policy.WasLargest[c] = was[c] != 0;
        foreach (long n in seen)
        {
            if (n < 0 || n > replay.SeenCount) throw Bad($"replay.class_seen has {n} of {replay.SeenCount} samples");
        }
    }

    void ReadConsolidation()
    {
        if (Number("ewc.tasks") is not { } tasks)
        {
            // A checkpoint of a first task takes the place of what was loaded before it.
            session.Consolidation?.Forget();
            return;
        }

        var ewc = session.Consolidation ?? throw Bad($"it holds the anchors of {tasks} tasks, which would be lost: add --ewc LAMBDA");
        ReadVector(".anchor", ewc.Anchors);
        ReadVector(".importance", ewc.Importance);
        foreach (float value in ewc.Importance)
        {
            if (value < 0) throw Bad("an importance is below 0");
        }

        ewc.TaskCount = (int)Math.Min(tasks, int.MaxValue);
    }

    void ReadAverage()
    {
        if (Number("average.steps") is not { } steps || session.Average is not { } average) return;
        ReadVector(".average", average.Values);
        average.Count = steps;
    }

    // Heads of another rule, network or form are dropped as a whole: they only serve the learning, and learn anew. A checkpoint brings
    // none and has given the rule its own.
    void ReadHeads()
    {
        if (session.Rule is not LocalLearning { HeadParameters: { } heads }
            || file.Metadata.GetValueOrDefault("heads.rule") != session.Rule.Name)
        {
            return;
        }
        ParameterSlice[] learning = [.. heads.Slices.Where(slice => slice.Trainable)];
        if (!learning.All(slice => file.Find(slice.Name) is { } tensor && Fits(tensor, slice))) return;
        foreach (var slice in learning)
        {
            var tensor = file.Find(slice.Name)!;
            Read(tensor, heads[slice][..(int)(tensor.Bytes / sizeof(float))]);
        }
    }

    // A tensor that has grown by rows since, as a head does by a class, has nothing known of the new ones: importance 0.
    void ReadVector(string suffix, Span<float> values)
    {
        foreach (var slice in session.Network.Parameters.Slices)
        {
            var tensor = file.Find(slice.Name + suffix)
                ?? throw Bad($"tensor {slice.Name}{suffix} is missing: it belongs to another network");
            if (!Fits(tensor, slice))
            {
                throw Bad($"tensor {slice.Name}{suffix} is {tensor.Type} [{string.Join(", ", tensor.Shape)}], the network's "
                    + $"is [{string.Join(", ", slice.Shape.ToArray())}]: it belongs to another network");
            }
            Read(tensor, values.Slice(slice.Offset, (int)(tensor.Bytes / sizeof(float))));
        }
    }

    static bool Fits(SafeTensor tensor, ParameterSlice slice)
        => tensor.Type == "F32" && tensor.Shape.Length == slice.Shape.Length && tensor.Shape.AsSpan(1).SequenceEqual(slice.Shape[1..])
            && tensor.Shape[0] <= slice.Shape[0];
}
