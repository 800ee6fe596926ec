using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>One run of <c>train</c>: plan, checkpoint, steps, test, save, then the controls.</summary>
sealed class TrainRun(TrainRequest request, CommandOutput output, CancellationToken stop)
{
    readonly TransferSource _transfer = new(request.Network, request.Settings.Train, request.AdaptorPath);

    DataSplit Data => request.Data;

    // Read once: at the end of the run the file is another.
    readonly RunPast? _past = RunPast.Of(request);

    /// <summary>Runs it.</summary>
    public TrainResult Run()
    {
        if (request.SavePath is { } path) SaveTarget.Check(path);
        int outputs = request.Loss.OutputsFor(Data.ClassCount, Data.TargetLength);
        var spec = _transfer.SpecFor(request.Network.SpecFor(Data.InputShape, outputs, request.Loss), outputs, Data.ClassNames, output);
        var preparation = request.Preparation.Make(request.Network.Preparation, Data, spec);
        _transfer.Check(preparation, request.Settings.Weights);
        // refuses now what it would refuse after the run
        if (request.Controls)
            TrainingPlan.MemoryOf(spec,
                request.Settings with { Rule = RuleKind.Frozen, LearningRate = null, Weights = WeightStorage.Float32,
                Train = ControlTrain(RuleKind.Frozen) });
        var result = RunRule(spec, preparation);
        return request.Controls ? result with { Controls = RunControls(spec, preparation) } : result;
    }

    TrainResult RunRule(NetworkSpec spec, Preparation preparation)
    {
        var settings = Settings(request.Settings, spec);
        var plan = TrainingPlan.MemoryOf(spec, settings);
        output.Error.WriteLine($"memory planned: {plan.TotalBytes:N0} bytes (weights {plan.BytesOf(MemoryCategory.Parameters):N0}, "
            + $"workspace {plan.WorkspaceBytes:N0})");
        TruncationWarning.Write(spec, request.Settings.Rule, output.Error);
        MemoryLimit.Enforce(plan, request.MemoryLimitBytes, settings.Batch,
            batch => TrainingPlan.MemoryOf(spec, settings with { Batch = batch }).TotalBytes);
        using var network = request.Network.Build(spec, settings.Seed, settings.Weights);
        using var session = new TrainingSession(network, settings, Data.Train, preparation, request.MemoryLimitBytes);
        _past?.Begin(session);
        if (session.KeepsFeatures)
            output.Error.WriteLine($"the frozen body runs once: its features are kept, {session.Plan.TotalBytes:N0} bytes in all");
        var loop = new TrainingLoop(session, stop);
        using (var checkpoint = request.CheckpointFolder is null ? null : new RunCheckpoint(request, session, output))
        {
            using var progress = new TrainProgress(session, Data.Test, session.Rule.Name, output, request.Verbose);
            loop.Run(progress, checkpoint);
        }

        var evaluation = loop.Evaluate(Data.Test);
        var validation = Validate(loop, spec);
        long averagedSteps = session.Average?.Count ?? 0;
        session.TakeAverage();
        if (_past is not null) RunPast.EndTask(session);
        _transfer.Save(new Model(network, preparation, Data.ClassNames ?? request.Network.ClassNames), request.SavePath);
        _past?.Save(session);
        return new TrainResult
        {
            Rule = session.Rule.Name,
            Update = session.Update.Name,
            Network = spec.ToString(),
            Seed = settings.Seed,
            Epochs = settings.Steps is { } steps ? (double)steps / session.StepsPerEpoch : settings.Epochs,
            Batch = settings.Batch,
            LearningRate = settings.Rate,
            TrainExamples = Data.Train.Count,
            TestExamples = Data.Test.Count,
            TestAccuracy = spec.Loss.MeasuresAccuracy ? evaluation.Accuracy : null,
            TestLoss = evaluation.Loss,
            Validation = validation,
            StepMsMedian = loop.Times.Quantile(0.5),
            StepMsP99 = loop.Times.Quantile(0.99),
            Seconds = loop.Seconds,
            PeakRssBytes = Machine.PeakRssBytes,
            WorkspaceBytes = session.Plan.WorkspaceBytes,
            ParameterBytes = network.ParameterBytes,
            OptimizerStateBytes = session.Update.StateBytes,
            AllocatedBytesPerStep = loop.AllocatedBytesPerStep,
            Model = request.SavePath,
            Transfer = _transfer.Result(network),
            Past = PastResult.Of(session, averagedSteps),
        };
    }

    ValidationResult? Validate(TrainingLoop loop, NetworkSpec spec)
    {
        if (Data.Validation is not { } held) return null;
        var evaluation = loop.Evaluate(held);
        return new ValidationResult(held.Count, spec.Loss.MeasuresAccuracy ? evaluation.Accuracy : null, evaluation.Loss);
    }

    TrainingSettings Settings(TrainingSettings given, NetworkSpec spec) => UsualRates.FillIn(given, spec, request.HiddenRateIsGiven);

    ControlResults RunControls(NetworkSpec spec, Preparation preparation)
        => new(RunControl(RuleKind.Backprop, spec, preparation), RunControl(RuleKind.Frozen, spec, preparation));

    // What is frozen for the rule is for backprop too; the last layer alone is what frozen means.
    TrainableParts? ControlTrain(RuleKind rule)
        => request.Settings.Train is null || rule == RuleKind.Backprop ? request.Settings.Train : TrainableParts.Head;

    // The same network, data, steps and update in float32, at the control's own rate: the user's was chosen for another rule.
    ControlResult RunControl(RuleKind rule, NetworkSpec spec, Preparation preparation)
    {
        var settings =
            Settings(request.Settings with { Rule = rule, LearningRate = null, Weights = WeightStorage.Float32,
            Train = ControlTrain(rule) }, spec);
        using var network = request.Network.Build(spec, settings.Seed, settings.Weights);
        using var session = new TrainingSession(network, settings, Data.Train, preparation);
        _past?.Begin(session);
        var loop = new TrainingLoop(session, stop);
        var evaluation = EvaluateControl(loop, session);
        return new ControlResult
        {
            TestAccuracy = spec.Loss.MeasuresAccuracy ? evaluation?.Accuracy : null,
            TestLoss = evaluation?.Loss,
            Validation = evaluation is null ? null : Validate(loop, spec),
            LearningRate = settings.Rate,
            StepMsMedian = loop.Times.Quantile(0.5),
            Seconds = loop.Seconds,
            WorkspaceBytes = session.Plan.WorkspaceBytes,
            OptimizerStateBytes = session.Update.StateBytes,
        };
    }

    // A control that runs away takes nothing from the rule's own result.
    Evaluation? EvaluateControl(TrainingLoop loop, TrainingSession session)
    {
        try
        {
            using (var progress = new TrainProgress(session, Data.Test, $"control {session.Rule.Name}", output, request.Verbose))
                loop.Run(progress);
            return loop.Evaluate(Data.Test);
        }
        catch (EdgeLearnException e)
        {
            output.Error.WriteLine($"control {e.Message}");
            return null;
        }
    }
}
