using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>
/// One run of <c>train</c>: plan, checkpoint, steps, test, save, then the controls. One that is asked to stop keeps what it has learned.
/// </summary>
sealed class TrainRun(TrainRequest request, CommandOutput output, CancellationToken stop)
{
    readonly TransferSource _transfer = new(request.Network, request.Settings.Train, request.AdaptorPath);

    DataSplit Data => request.Data;

    // Read once: at the end of the run the file is another.
    readonly RunContinual? _past = RunContinual.Of(request);

    /// <summary>Whether it was asked to stop before its end.</summary>
    public bool WasStopped { get; private set; }

    /// <exception cref="CommandStoppedException">It was asked to stop before its first step.</exception>
    public TrainResult Run()
    {
        CheckFiles();
        int outputs = request.Loss.OutputsFor(Data.ClassCount, Data.TargetLength);
        var drawn = request.Network.SpecFor(Data.InputShape, outputs, request.Loss, Data.IsSequence);
        var spec = _transfer.SpecFor(drawn, outputs, Data.ClassNames, output);
        CheckNames(spec);
        var preparation = request.Preparation.Make(request.Network.Preparation, Data, spec);
        Doubt(preparation);
        _transfer.Check(preparation, request.Settings.Weights);
        // refuses now what it would refuse after the run
        if (request.Controls) TrainingPlan.MemoryOf(spec, ControlSettings(new FrozenSettings(), spec));
        var result = RunRule(spec, preparation);
        if (request.Controls && !WasStopped) result = result with { Controls = RunControls(spec, preparation) };
        return result;
    }

    void CheckFiles() => new OutputFiles()
        .Reads("--data", Data.Source)
        .Reads("--network", request.Network.NamedPath)
        .Reads("--model", request.Network.ModelPath ?? request.Network.StatePath)
        .Writes("--save", request.SavePath, OutputKind.Model, "--network", "--model")
        .Writes("--save-adaptor", request.AdaptorPath, OutputKind.Adaptor)
        .Writes("--past", request.PastPath, OutputKind.Past)
        .Writes("--log", request.LogPath, OutputKind.Lines)
        .Writes("--svg", request.SvgPath, OutputKind.Svg)
        .Writes("--checkpoint", request.CheckpointFolder, OutputKind.Checkpoint, "--network");

    // What the figures of this run will not mean.
    void Doubt(Preparation preparation)
    {
        bool isNew = request.Network.ModelPath is null || request.Network.DrawsHead;
        _doubts = DataDoubts.Of(Data, ClassNames, preparation == request.Network.Preparation ? null : preparation, isNew);
        foreach (string line in _doubts) Terminal.WriteWords(output.Error, line);
    }

    IReadOnlyList<string> _doubts = [];

    IReadOnlyList<string>? ClassNames => Data.ClassNames
        ?? (Data.ClassCount > 0 && !request.Network.DrawsHead ? request.Network.ClassNames : null);

    InputColumns? Columns => Data.Columns ?? request.Network.Columns;

    // A model file has a name for each class or for none.
    void CheckNames(NetworkSpec spec)
    {
        if (ClassNames is not { } names || names.Count == spec.Loss.ClassesOf(spec.ClassCount)) return;
        throw new EdgeLearnException($"{Data.Name} has the {names.Count} classes {string.Join(", ", names.Take(5))}"
            + $"{(names.Count > 5 ? ", ..." : "")}, the network tells {spec.Loss.ClassesOf(spec.ClassCount)} apart: end it with as many "
            + $"outputs as there are classes, or go on from a model that knows all of them");
    }

    // Says what is planned, and refuses what does not fit, before weights are read or drawn.
    void Plan(NetworkSpec spec, TrainingSettings settings, Preparation preparation)
    {
        using var network = new Network(spec, settings.Weights);
        using var plan = TrainingPlan.Of(network, settings, Data.Train, preparation, request.MemoryLimitBytes);
        var memory = plan.Memory;
        string cut = plan.Cut.Length > 0 ? $"; {plan.Cut}" : "";
        Terminal.WriteWords(output.Error, $"memory planned: {memory.TotalBytes:N0} bytes (weights "
            + $"{memory.BytesOf(MemoryCategory.Parameters):N0}, workspace {memory.WorkspaceBytes:N0}){cut}");
        TruncationWarning.Write(spec, settings.Rule, output.Error);
        MemoryLimit.Enforce(memory, request.MemoryLimitBytes, settings.Batch,
            batch => TrainingPlan.MemoryOf(spec, settings with { Batch = batch }, 0, Data.Train, preparation).TotalBytes);
    }

    TrainResult RunRule(NetworkSpec spec, Preparation preparation)
    {
        var settings = request.WithUpdate(request.Settings, spec);
        Plan(spec, settings, preparation);
        CodePages.Drop();
        using var network = request.Network.Build(spec, settings.Seed, settings.Weights);
        request.Network.SayLeftOut(output.Error);
        using var session = new TrainingSession(network, settings, Data.Train, preparation, request.MemoryLimitBytes);
        _past?.Begin(session);
        if (session.KeepsFeatures)
            output.Error.WriteLine($"the frozen body runs once: its features are kept, {session.Plan.TotalBytes:N0} bytes in all");
        using var checkpoint = request.CheckpointFolder is null ? null : new RunCheckpoint(request, session, output);
        using var course = RunCourse.Begin(request, session, output);
        try
        {
            var result = Learn(session, preparation, checkpoint, course);
            course?.End(result);
            if (request.SvgPath is { } picture) TrainPicture.Save(picture, result, course!.Points);
            return result;
        }
        catch (EdgeLearnException e)
        {
            course?.Fail(e.Message);
            throw;
        }
    }

    TrainResult Learn(TrainingSession session, Preparation preparation, RunCheckpoint? checkpoint, RunCourse? course)
    {
        var network = session.Network;
        var (spec, settings) = (network.Spec, session.Settings);
        var loop = new TrainingLoop(session, stop);
        using (var progress = new TrainProgress(session, Data.Test, session.Rule.Name, output, request.Verbose, course))
            loop.Run(progress, Data.Test, checkpoint);
        WasStopped = loop.IsStopped;
        if (WasStopped && session.StepCount == 0)
        {
            throw new CommandStoppedException("stopped before the first step; "
                + (checkpoint is null ? "nothing was saved" : $"go on with --checkpoint {checkpoint.Folder} --resume"), stop);
        }
        Evaluation? evaluation = WasStopped ? null : loop.Evaluate(Data.Test);
        var validation = WasStopped ? null : Validate(loop, spec);
        long averagedSteps = session.Average?.Count ?? 0;
        session.TakeAverage();
        bool isKept = loop.Trouble is null;
        if (isKept)
        {
            if (_past is not null) RunContinual.EndTask(session);
            _transfer.Save(new Model(network, preparation, ClassNames, Columns) { Media = Data.Media ?? request.Network.Media },
                request.SavePath);
            _past?.Save(session);
        }
        if (WasStopped) Terminal.WriteWords(output.Error, StoppedText(loop, session, checkpoint));
        return new TrainResult(
            Rule: session.Rule.Name,
            Update: session.Update.Name,
            UpdateSettings: session.Settings.Update.ToString() is { Length: > 0 } changes ? changes : null,
            Network: spec.ToString(),
            Seed: settings.Seed,
            Epochs: settings.Steps is { } steps ? (double)steps / session.StepsPerEpoch : settings.Epochs,
            Batch: settings.Batch,
            LearningRate: session.Settings.LearningRate!.Value,
            TrainExamples: Data.Train.Count,
            TestExamples: Data.Test.Count,
            TestAccuracy: spec.Loss.MeasuresAccuracy ? evaluation?.Accuracy : null,
            TestLoss: evaluation?.Loss,
            Validation: validation,
            Controls: null,
            StepMsMedian: loop.Times.Quantile(0.5),
            StepMsP99: loop.Times.Quantile(0.99),
            Seconds: loop.Seconds,
            PeakRssBytes: Machine.PeakRssBytes,
            WorkspaceBytes: session.Plan.WorkspaceBytes,
            ParameterBytes: network.ParameterBytes,
            OptimizerStateBytes: session.Update.StateBytes,
            AllocatedBytesPerStep: loop.AllocatedBytesPerStep,
            Model: isKept ? request.SavePath : null,
            Figures: evaluation is { } test ? TestFigures.Of(test, ClassNames, Columns?.Labels) : null,
            Data: DataResult.Of(Data, _doubts),
            Transfer: _transfer.Result(network, isKept),
            Past: ContinualResult.Of(session, averagedSteps),
            Stopped: WasStopped ? new StoppedResult(session.StepCount, session.TotalSteps) : null);
    }

    // What a run that was stopped leaves behind, in one line.
    string StoppedText(TrainingLoop loop, TrainingSession session, RunCheckpoint? checkpoint)
    {
        string[] saved = [.. new[] { request.SavePath, request.AdaptorPath, request.PastPath }.OfType<string>()];
        string kept = loop.Trouble is { } trouble
            ? $"{trouble}: nothing was saved"
            : saved.Length > 0 ? $"saved {string.Join(", ", saved)}" : "nothing was saved (--save FILE or --checkpoint DIR would)";
        if (checkpoint is not null)
        {
            string goOn = $"go on with --checkpoint {checkpoint.Folder} --resume";
            kept = loop.Trouble is null && saved.Length == 0 ? goOn : $"{kept}; {goOn}";
        }
        return $"stopped after step {session.StepCount:N0} of {session.TotalSteps:N0}; {kept}";
    }

    ValidationResult? Validate(TrainingLoop loop, NetworkSpec spec)
    {
        if (Data.Validation is not { } held) return null;
        var evaluation = loop.Evaluate(held);
        return new ValidationResult(held.Count, spec.Loss.MeasuresAccuracy ? evaluation.Accuracy : null,
            JsonNumber.Finite(evaluation.Loss));
    }

    // Null where it was asked to stop in between: the rule's own result stands.
    ControlResults? RunControls(NetworkSpec spec, Preparation preparation)
    {
        var backprop = RunControl(new BackpropSettings(), spec, preparation);
        var frozen = backprop is null ? null : RunControl(new FrozenSettings(), spec, preparation);
        if (backprop is not null && frozen is not null) return new ControlResults(backprop, frozen);
        WasStopped = true;
        output.Error.WriteLine($"stopped in the controls, which are left out; the result of {request.Settings.Rule.Word} is whole");
        return null;
    }

    // The same network, data and steps in float32, at the control's own rate and, where the user said none, with its own update: the
    // rule's were chosen for another rule. What is frozen for the rule is for backprop too; the last layer alone is what frozen means.
    TrainingSettings ControlSettings(RuleSettings rule, NetworkSpec spec)
        => request.WithUpdate(request.Settings with
        {
            Rule = rule,
            LearningRate = null,
            Weights = WeightStorage.Float32,
            Train = rule is FrozenSettings && request.Settings.Train is not null ? TrainableParts.Head : request.Settings.Train
        }, spec);

    ControlResult? RunControl(RuleSettings rule, NetworkSpec spec, Preparation preparation)
    {
        var settings = ControlSettings(rule, spec);
        using var network = request.Network.Build(spec, settings.Seed, settings.Weights);
        using var session = new TrainingSession(network, settings, Data.Train, preparation);
        _past?.Begin(session);
        var loop = new TrainingLoop(session, stop);
        var evaluation = EvaluateControl(loop, session);
        if (loop.IsStopped) return null;
        return new ControlResult(
            TestAccuracy: spec.Loss.MeasuresAccuracy ? evaluation?.Accuracy : null,
            TestLoss: evaluation?.Loss,
            Validation: evaluation is null ? null : Validate(loop, spec),
            Update: session.Update.Name,
            LearningRate: session.Settings.LearningRate!.Value,
            StepMsMedian: loop.Times.Quantile(0.5),
            Seconds: loop.Seconds,
            WorkspaceBytes: session.Plan.WorkspaceBytes,
            OptimizerStateBytes: session.Update.StateBytes);
    }

    // A control that runs away takes nothing from the rule's own result.
    Evaluation? EvaluateControl(TrainingLoop loop, TrainingSession session)
    {
        try
        {
            using (var progress = new TrainProgress(session, Data.Test, $"control {session.Rule.Name}", output, request.Verbose))
                loop.Run(progress, Data.Test);
            return loop.IsStopped ? null : loop.Evaluate(Data.Test);
        }
        catch (EdgeLearnException e)
        {
            output.Error.WriteLine($"control {e.Message}");
            return null;
        }
    }
}

/// <summary>What a run is told whose recurrent layers take their gradients through a few steps only.</summary>
static class TruncationWarning
{
    /// <summary>One line for each such layer; none where no gradient goes back.</summary>
    /// <param name="spec">the network</param>
    /// <param name="rule">that trains it</param>
    /// <param name="writer">of warnings</param>
    public static void Write(NetworkSpec spec, RuleSettings rule, TextWriter writer)
    {
        if (rule is ZerothOrderSettings) return;
        for (int i = 0; i < spec.Layers.Count; i++) Write(spec.Layers[i], $"layers.{i}", spec.InputOf(i).Height, writer);
    }

    static void Write(LayerSpec layer, string name, int steps, TextWriter writer)
    {
        if (layer is AdaptedSpec adapted) Write(adapted.Inner, name, steps, writer);
        if (layer is ResidualSpec residual)
        {
            foreach (var inner in residual.Body.Concat(residual.Shortcut)) Write(inner, name, steps, writer);
        }

        if (layer is RecurrentSpec { Truncation: { } window } && window < steps)
        {
            writer.WriteLine($"warning: {name} ({layer.ToShorthand(Activation.Identity)}) takes gradients through {window} of {steps} "
                + $"steps at most; short windows hurt: docs/forward-only.md shows by how much");
        }
    }
}
