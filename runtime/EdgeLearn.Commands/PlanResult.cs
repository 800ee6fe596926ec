namespace EdgeLearn.Commands;

/// <summary>
/// What <c>plan --json</c> prints. Buffers that never live at the same time share bytes, so categories add up to more than the total.
/// </summary>
/// <param name="Network">the network in shorthand</param>
/// <param name="Rule">the learning rule of the categories</param>
/// <param name="Update">the update rule</param>
/// <param name="Batch">samples of a step</param>
/// <param name="ParameterBytes">weights and integer tensors</param>
/// <param name="ActivationBytes">outputs of layers and what they keep for their gradient</param>
/// <param name="PanelBytes">scratch of kernels</param>
/// <param name="UpdateStateBytes">what the update remembers between steps</param>
/// <param name="BatchBytes">the mini-batch</param>
/// <param name="PastBytes">earlier samples, earlier weights and averages of weights</param>
/// <param name="WorkspaceBytes">the one block that holds all of it but the weights</param>
/// <param name="TotalBytes">weights and workspace</param>
/// <param name="InferenceBytes">what inference alone takes with the same batch</param>
/// <param name="Rows">fewest rows of the batch that a stretch of units sees at a time</param>
/// <param name="Stretches">which units see fewer rows than the batch, in words; empty where none does</param>
/// <param name="LeastBytes">the smallest limit that would do</param>
/// <param name="EvaluationRows">samples that an evaluation takes at a time</param>
/// <param name="Layers">first to last</param>
/// <param name="Rules">every rule with its update, those beside the chosen one with their default settings</param>
/// <param name="Buffers">every buffer of the workspace, where it was asked for</param>
public sealed record PlanResult(string Network, string Rule, string Update, int Batch, long ParameterBytes, long ActivationBytes,
    long PanelBytes, long UpdateStateBytes, long BatchBytes, long PastBytes, long WorkspaceBytes, long TotalBytes, long InferenceBytes,
    int Rows, string Stretches, long LeastBytes, int EvaluationRows, IReadOnlyList<LayerDescription> Layers, IReadOnlyList<RulePlan> Rules,
    IReadOnlyList<BufferPlan>? Buffers)
{
    /// <summary>Plans a network under all rules.</summary>
    /// <param name="spec">the network</param>
    /// <param name="settings">of the run, but for the update</param>
    /// <param name="withUpdate">the settings with the update of their rule</param>
    /// <param name="limitBytes">see <see cref="TrainingPlan.Of"/></param>
    /// <param name="listsBuffers">whether <see cref="Buffers"/> are wanted</param>
    public static PlanResult Of(NetworkSpec spec, TrainingSettings settings, Func<TrainingSettings, TrainingSettings> withUpdate,
        long? limitBytes, bool listsBuffers)
    {
        settings = withUpdate(settings);
        using var network = new Network(spec, settings.Weights);
        using var run = TrainingPlan.Of(network, settings, memoryLimitBytes: limitBytes);
        var plan = run.Memory;
        long inference = TrainingPlan.MemoryOfInference(spec, settings.Batch, settings.Weights).TotalBytes;
        RulePlan[] rules = [.. LearningRules.All.Select(rule =>
            RulePlan.Of(spec, withUpdate, rule.Word == settings.Rule.Word ? settings : settings with { Rule = rule }, limitBytes,
                inference))];
        return new PlanResult(
            Network: spec.ToString(),
            Rule: settings.Rule.Word,
            Update: settings.Update.Word,
            Batch: settings.Batch,
            ParameterBytes: plan.BytesOf(MemoryCategory.Parameters),
            ActivationBytes: plan.BytesOf(MemoryCategory.Activations),
            PanelBytes: plan.BytesOf(MemoryCategory.Panels),
            UpdateStateBytes: plan.BytesOf(MemoryCategory.UpdateState),
            BatchBytes: plan.BytesOf(MemoryCategory.Batch),
            PastBytes: plan.BytesOf(MemoryCategory.Past),
            WorkspaceBytes: plan.WorkspaceBytes,
            TotalBytes: plan.TotalBytes,
            InferenceBytes: inference,
            Rows: run.Rows,
            Stretches: run.Cut,
            LeastBytes: rules.First(rule => rule.Rule == settings.Rule.Word).LeastBytes!.Value,
            EvaluationRows: run.EvaluationBatch,
            Layers: LayerDescription.Of(network),
            Rules: rules,
            Buffers: listsBuffers ? [.. plan.Buffers.Select(BufferPlan.Of)] : null);
    }

    /// <summary>Prints it for people.</summary>
    public void Write(TextWriter output)
    {
        Terminal.WriteWords(output, $"{Network}: {Rule} with {Update}, batch {Batch}");
        output.WriteLine();
        LayerDescription.Write(Layers, output);
        output.WriteLine();
        var categories = new TextTable("memory", "bytes");
        foreach (var (name, bytes) in ((string, long)[])[("parameters", ParameterBytes), ("activations", ActivationBytes),
            ("panels", PanelBytes), ("update state", UpdateStateBytes), ("batch", BatchBytes), ("past", PastBytes), ("total", TotalBytes)])
        {
            categories.Add(name, $"{bytes:N0}");
        }
        categories.Write(output);
        Terminal.WriteWords(output, "buffers that never live at the same time share bytes: the total can be less than the sum");
        if (Stretches.Length > 0) Terminal.WriteWords(output, $"a step takes its batch through {Stretches}");
        output.WriteLine();
        if (Buffers is not null) BufferPlan.Write(Buffers, output);
        var rules = new TextTable("rule", "update", "bytes", "beside inference", "rows at a time", "least bytes");
        rules.Add("inference", "-", $"{InferenceBytes:N0}", "1.00 x", $"{Batch:N0}", "");
        foreach (var rule in Rules)
        {
            rules.Add(rule.Rule, rule.Update ?? "-", rule.TotalBytes is { } total ? $"{total:N0}" : "-",
                rule.BesideInference is { } ratio ? $"{ratio:F2} x" : "-", $"{rule.Rows:N0}",
                rule.LeastBytes is { } least ? $"{least:N0}" : "-");
        }
        rules.Write(output);
    }
}

/// <summary>What one rule would take.</summary>
/// <param name="Rule">its word</param>
/// <param name="Update">the update's word: the user's, else what suits the rule; null where it does not fit</param>
/// <param name="TotalBytes">weights and workspace; null where the rule does not fit the network</param>
/// <param name="BesideInference">as a multiple of inference</param>
/// <param name="Rows">fewest rows of the batch that a stretch of units sees at a time</param>
/// <param name="Stretches">which units see fewer rows than the batch, in words; empty where none does</param>
/// <param name="LeastBytes">the smallest limit that would do</param>
/// <param name="Reason">why it does not fit</param>
public sealed record RulePlan(string Rule, string? Update, long? TotalBytes, double? BesideInference, int? Rows, string? Stretches,
    long? LeastBytes, string? Reason)
{
    /// <summary>Plans one rule.</summary>
    public static RulePlan Of(NetworkSpec spec, Func<TrainingSettings, TrainingSettings> withUpdate, TrainingSettings settings,
        long? limitBytes, long inferenceBytes)
    {
        try
        {
            settings = withUpdate(settings);
            using var network = new Network(spec, settings.Weights);
            using var run = TrainingPlan.Of(network, settings, memoryLimitBytes: limitBytes);
            long total = run.Memory.TotalBytes;
            return new RulePlan(settings.Rule.Word, settings.Update.Word, total, (double)total / inferenceBytes, run.Rows, run.Cut,
                TrainingPlan.MemoryOf(spec, settings, 0).TotalBytes, null);
        }
        catch (EdgeLearnException e)
        {
            return new RulePlan(settings.Rule.Word, null, null, null, null, null, null, e.Message);
        }
    }
}

/// <summary>One buffer of the workspace.</summary>
/// <param name="Name">layer and what it is</param>
/// <param name="Category">what it is for</param>
/// <param name="Bytes">its length</param>
/// <param name="Offset">where it lies in the workspace</param>
/// <param name="FirstUse">the first moment in which it is needed; steps are counted from 0, evaluations from 1,048,576</param>
/// <param name="LastUse">the last; null = as long as the run</param>
public sealed record BufferPlan(string Name, string Category, long Bytes, long Offset, int FirstUse, int? LastUse)
{
    internal static BufferPlan Of(PlannedBuffer buffer) => new(buffer.Name, buffer.Category.ToString().ToLowerInvariant(), buffer.Bytes,
        buffer.OffsetBytes, buffer.FirstUse, buffer.LastUse == MemoryPlan.Forever ? null : buffer.LastUse);

    internal static void Write(IReadOnlyList<BufferPlan> buffers, TextWriter output)
    {
        var table = new TextTable("buffer", "bytes", "at", "from", "until") { Texts = ["buffer"] };
        foreach (var buffer in buffers.Where(buffer => buffer.Bytes > 0))
            table.Add(buffer.Name, $"{buffer.Bytes:N0}", $"{buffer.Offset:N0}", Moment(buffer.FirstUse), Moment(buffer.LastUse));
        table.Write(output);
        output.WriteLine("moments: steps are counted from 0, evaluations (e) by themselves");
        output.WriteLine();
    }

    internal static string Moment(int? moment) => moment switch
    {
        null => "the end",
        >= PlanTime.Evaluation => $"e{moment - PlanTime.Evaluation}",
        PlanTime.Evaluation - 1 => "step's end",
        _ => $"{moment}",
    };
}
