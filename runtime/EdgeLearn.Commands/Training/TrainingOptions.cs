using System.CommandLine;

namespace EdgeLearn.Commands;

/// <summary>
/// The options that say how to train: one for each setting, all with the defaults of <see cref="TrainingSettings"/>. Commands that plan or
/// train share them.
/// </summary>
sealed class TrainingOptions
{
    static readonly TrainingSettings s_default = new();

    readonly Option<RuleKind?> _rule =
        OptionText.Parsed<RuleKind?>("--rule", string.Join('|', KindNames.RuleNames),
        "where the learning signal comes from; backprop-free takes the best forward-only rule, frozen and backprop are the controls "
        + "(default tpsgd)", text => KindNames.ParseRule(text));
    readonly Option<UpdateKind?> _update =
        OptionText.Parsed<UpdateKind?>("--update", string.Join('|', KindNames.UpdateNames),
        "what is done with the gradient (default adam; sgd for zo and elastic-zo; sgd and signsgd keep no state)",
        text => KindNames.ParseUpdate(text));
    readonly Option<int?> _epochs =
        OptionText.Whole("--epochs",
        "passes over the training data (default: 4, more for small data, so that there are about 2,000 steps)");
    readonly Option<long?> _steps = OptionText.Long("--steps", "steps in all, in place of --epochs");
    readonly Option<int?> _batch = OptionText.Whole("--batch", "samples of a step (default 64)");
    readonly Option<double?> _rate =
        OptionText.Number("--lr", "learning rate of the last layer at the start (default: one that suits rule and update)");
    readonly Option<double?> _hiddenRate =
        OptionText.Number("--hidden-rate",
        "tpsgd, local-heads, elastic-zo: rate of the hidden layers as a factor on --lr (default 1; 0.3 for the local losses l2, l1 and "
        + "linear; elastic-zo: 30 / their weights that learn)");
    readonly Option<double?> _momentum =
        OptionText.Number("--momentum", "momentum of sgd (default 0: no state), decay of signum (default 0.9)");
    readonly Option<double?> _weightDecay = OptionText.Number("--weight-decay", "decoupled weight decay (default 0)");
    readonly Option<ScheduleKind?> _schedule =
        OptionText.Words("--schedule", "how the rate runs to the end (default linear, to zero)", ("constant", ScheduleKind.Constant),
        ("linear", ScheduleKind.Linear), ("cosine", ScheduleKind.Cosine));
    readonly Option<long?> _warmup = OptionText.Long("--warmup", "steps in which the rate rises first (default 0)");
    readonly Option<ulong?> _seed =
        OptionText.Seed("--seed", "seed of starting weights, order of samples, targets and directions (default 1)");
    readonly Option<LocalLoss?> _localLoss =
        OptionText.Words("--local-loss", "tpsgd: loss of the hidden layers; linear is DRTP (default cross-entropy)",
        ("cross-entropy", LocalLoss.CrossEntropy), ("hinge", LocalLoss.Hinge), ("l2", LocalLoss.L2), ("l1", LocalLoss.L1),
        ("linear", LocalLoss.Linear));
    readonly Option<double?> _targetScale = OptionText.Number("--target-scale", "tpsgd: size of the random targets (default 0.9)");
    readonly Option<bool> _layerByLayer =
        OptionText.Flag("--layer-by-layer", "tpsgd, local-heads: train one layer after the other, first layer first");
    readonly Option<int?> _headUnits =
        OptionText.Whole("--head-units", "local-heads: units of a hidden layer in each local head (default 0: a linear classifier)");
    readonly Option<double?> _similarity =
        OptionText.Number("--similarity",
        "local-heads: share of similarity matching in what hidden layers minimise: samples of a class alike, others not (0 to 1, default "
        + "0)");
    readonly Option<double?> _epsilon = OptionText.Number("--epsilon", "zo, elastic-zo: size of a probe (default 0.001)");
    readonly Option<int?> _directions =
        OptionText.Whole("--directions", "zo, elastic-zo: directions a step, each two forward passes (default 1)");
    readonly Option<TrainableParts?> _train =
        OptionText.Parsed<TrainableParts?>("--train", "head|bias|norm|lora:R|scale|residual:R|all|PATTERN",
        "what learns, the rest is frozen: the last layer, biases, norms, adaptors of rank R, a layer (layers.2) or a pattern of tensor "
        + "names; several with commas (default all)", TrainableParts.Parse);
    readonly Option<FeatureStorage?> _features = OptionText.Words(
        "--feature-cache",
        "where the outputs of a frozen body are kept, so that it runs once and not in every epoch (default auto: memory where they fit "
        + "--feature-bytes)",
        ("auto", FeatureStorage.Auto), ("memory", FeatureStorage.Memory), ("int8", FeatureStorage.Int8), ("disk", FeatureStorage.Disk),
        ("off", FeatureStorage.Off));
    readonly Option<long?> _featureBytes =
        OptionText.Parsed<long?>("--feature-bytes", "BYTES", "most bytes they may take (default 64MiB)",
        text => ByteCount.Parse("--feature-bytes", text));
    readonly Option<WeightStorage?> _weights = WeightsOption();
    readonly Option<bool> _signsInTurn =
        OptionText.Flag("--signs-in-turn",
        "zo: the two signs of a direction one after the other, in the memory of inference; without it both use one read of the weights");
    readonly Option<NoiseKind?> _noise =
        OptionText.Words("--noise", "distribution of random targets and directions (default sign)", ("sign", NoiseKind.Sign),
        ("gaussian", NoiseKind.Gaussian));
    readonly Option<int?> _exactLayers = OptionText.Whole("--exact-layers", "elastic-zo: last layers with exact gradients (default 1)");
    readonly Option<double?> _rho = OptionText.Number("--rho", "frugal: fraction of the weights with state, 0 to 1 (default 0.25)");
    readonly Option<FrugalSelection?> _selection =
        OptionText.Words("--selection", "frugal: what is drawn, columns of every matrix or whole tensors (default columns)",
        ("columns", FrugalSelection.Columns), ("block", FrugalSelection.Block));
    readonly Option<long?> _refresh = OptionText.Long("--refresh", "frugal: steps between two draws, 0 = one draw (default 200)");
    readonly Option<string?> _stateFull =
        OptionText.Text("--state-full", "PATTERN", "frugal: tensors with plain Adam throughout, such as '*.bias' (default none)");
    readonly Option<FrugalRemainder?> _remainder =
        OptionText.Words("--remainder", "frugal: rule of the weights without state (default sign)", ("sign", FrugalRemainder.Sign),
        ("plain", FrugalRemainder.Plain));

    readonly ContinualOptions _continual = new();

    /// <summary>Gives the options to a command.</summary>
    public void AddTo(Command command)
    {
        Option[] all =
        [
            _rule, _update, _epochs, _steps, _batch, _rate, _hiddenRate, _momentum, _weightDecay, _schedule, _warmup, _seed, _localLoss,
                _targetScale, _layerByLayer, _headUnits, _similarity,
            _epsilon, _directions, _signsInTurn, _train, _features, _featureBytes, _weights, _noise, _exactLayers, _rho, _selection,
                _refresh, _stateFull, _remainder,
        ];
        foreach (var option in all) command.Options.Add(option);
        _continual.AddTo(command);
    }

    /// <summary>The option that says how matrices are stored.</summary>
    public static Option<WeightStorage?> WeightsOption() => OptionText.Words(
        "--weights", "how matrices are stored (default: the model's own; float32 for a new one)", ("float32", WeightStorage.Float32),
        ("bf16", WeightStorage.BFloat16), ("int8", WeightStorage.Int8));

    /// <summary>The option that says how many threads the kernels use.</summary>
    public static Option<int?> ThreadsOption()
        => OptionText.Whole("--threads",
            "threads that share the products (default 1: a board is shared); the results are the same to the bit");

    /// <summary>How matrices are stored, where the user said it.</summary>
    public WeightStorage? Weights(ParseResult parsed) => parsed.GetValue(_weights);

    /// <summary>Whether the user said where features are kept.</summary>
    public bool FeaturesAreGiven(ParseResult parsed) => parsed.GetValue(_features) is not null;

    /// <summary>Whether the user said how long to train.</summary>
    public bool LengthIsGiven(ParseResult parsed) => parsed.GetValue(_epochs) is not null || parsed.GetValue(_steps) is not null;

    /// <summary>Whether the factor of the hidden layers was given.</summary>
    public bool HiddenRateIsGiven(ParseResult parsed) => parsed.GetValue(_hiddenRate) is not null;

    /// <summary>The settings of a command line.</summary>
    /// <exception cref="EdgeLearnException">A number is out of range.</exception>
    public TrainingSettings Read(ParseResult parsed)
    {
        var settings = s_default with
        {
            Rule = parsed.GetValue(_rule) ?? s_default.Rule,
            Update = parsed.GetValue(_update) ?? TrainingSettings.UsualUpdate(parsed.GetValue(_rule) ?? s_default.Rule),
            Epochs = parsed.GetValue(_epochs) ?? s_default.Epochs,
            Steps = parsed.GetValue(_steps),
            Batch = parsed.GetValue(_batch) ?? s_default.Batch,
            LearningRate = (float?)parsed.GetValue(_rate),
            HiddenRateScale = (float?)parsed.GetValue(_hiddenRate),
            Momentum = (float?)parsed.GetValue(_momentum),
            WeightDecay = (float?)parsed.GetValue(_weightDecay) ?? s_default.WeightDecay,
            Schedule = parsed.GetValue(_schedule) ?? s_default.Schedule,
            WarmupSteps = parsed.GetValue(_warmup) ?? s_default.WarmupSteps,
            Seed = parsed.GetValue(_seed) ?? s_default.Seed,
            LocalLoss = parsed.GetValue(_localLoss) ?? s_default.LocalLoss,
            TargetScale = (float?)parsed.GetValue(_targetScale) ?? s_default.TargetScale,
            LayerByLayer = parsed.GetValue(_layerByLayer),
            HeadUnits = parsed.GetValue(_headUnits) ?? s_default.HeadUnits,
            Similarity = (float)(parsed.GetValue(_similarity) ?? s_default.Similarity),
            Epsilon = (float?)parsed.GetValue(_epsilon) ?? s_default.Epsilon,
            Directions = parsed.GetValue(_directions) ?? s_default.Directions,
            Train = parsed.GetValue(_train),
            Features = parsed.GetValue(_features) ?? s_default.Features,
            FeatureBytes = parsed.GetValue(_featureBytes) ?? s_default.FeatureBytes,
            Weights = parsed.GetValue(_weights) ?? s_default.Weights,
            SignsInTurn = parsed.GetValue(_signsInTurn),
            Noise = parsed.GetValue(_noise) ?? s_default.Noise,
            ExactLayers = parsed.GetValue(_exactLayers) ?? s_default.ExactLayers,
            Rho = parsed.GetValue(_rho) ?? s_default.Rho,
            Selection = parsed.GetValue(_selection) ?? s_default.Selection,
            RefreshSteps = parsed.GetValue(_refresh) ?? s_default.RefreshSteps,
            Continual = _continual.Read(parsed),
            StateFullPattern = parsed.GetValue(_stateFull),
            Remainder = parsed.GetValue(_remainder) ?? s_default.Remainder,
        };
        if (settings.Steps is not null && parsed.GetValue(_epochs) is not null)
            throw new EdgeLearnException("--steps and --epochs both say how long to train: give one of them");
        settings.Check();
        return settings;
    }
}
