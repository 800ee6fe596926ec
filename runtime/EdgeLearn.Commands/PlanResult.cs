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
/// <param name="Layers">first to last</param>
/// <param name="Rules">every rule with this update, those beside the chosen one with their default settings</param>
public sealed record PlanResult(string Network, string Rule, string Update, int Batch, long ParameterBytes, long ActivationBytes,
    long PanelBytes, long UpdateStateBytes, long BatchBytes, long PastBytes, long WorkspaceBytes, long TotalBytes, long InferenceBytes,
    IReadOnlyList<LayerDescription> Layers, IReadOnlyList<RulePlan> Rules)
{
    /// <summary>Plans a network under all rules.</summary>
    public static PlanResult Of(NetworkSpec spec, TrainingSettings settings)
    {
        var plan = TrainingPlan.MemoryOf(spec, settings);
        using var network = new Network(spec, settings.Weights);
        settings.Train?.Freeze(network);
        long inference = TrainingPlan.MemoryOfInference(spec, settings.Batch, settings.Weights).TotalBytes;
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
            Layers: LayerDescription.Of(network),
            Rules: [.. LearningRules.All.Select(rule =>
                RulePlan.Of(spec, rule.Word == settings.Rule.Word ? settings : settings with { Rule = rule }, inference))]);
    }

    /// <summary>Prints it for people.</summary>
    public void Write(TextWriter output)
    {
        output.WriteLine($"{Network}: {Rule} with {Update}, batch {Batch}");
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
        output.WriteLine("buffers that never live at the same time share bytes: the total can be less than the sum");
        output.WriteLine();
        var rules = new TextTable($"with {Update}", "bytes", "beside inference");
        rules.Add("inference", $"{InferenceBytes:N0}", "1.00 x");
        foreach (var rule in Rules)
        {
            rules.Add(rule.Rule, rule.TotalBytes is { } total ? $"{total:N0}" : "-",
                rule.BesideInference is { } ratio ? $"{ratio:F2} x" : "-");
        }
        rules.Write(output);
    }
}

/// <summary>What one rule would take.</summary>
/// <param name="Rule">its word</param>
/// <param name="TotalBytes">weights and workspace; null where the rule does not fit the network</param>
/// <param name="BesideInference">as a multiple of inference</param>
/// <param name="Reason">why it does not fit</param>
public sealed record RulePlan(string Rule, long? TotalBytes, double? BesideInference, string? Reason)
{
    /// <summary>Plans one rule.</summary>
    public static RulePlan Of(NetworkSpec spec, TrainingSettings settings, long inferenceBytes)
    {
        try
        {
            long total = TrainingPlan.MemoryOf(spec, settings).TotalBytes;
            return new RulePlan(settings.Rule.Word, total, (double)total / inferenceBytes, null);
        }
        catch (EdgeLearnException e)
        {
            return new RulePlan(settings.Rule.Word, null, null, e.Message);
        }
    }
}
