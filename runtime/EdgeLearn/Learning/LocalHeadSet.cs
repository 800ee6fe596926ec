using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// The local heads of a rule: small networks at the outputs of hidden units, with weights and update state of their own that live as long
/// as the rule and are no part of the model. A head reads what the next unit reads (the outputs behind the pools and reshapes that prepare
/// them, but for norms) and scores the classes. Maps and steps are averaged over cells until few enough values are left; where the network
/// pools a sequence as a whole further up, so does the head.
/// </summary>
/// <param name="network">has the units</param>
/// <param name="hiddenUnits">units of a hidden layer in each head; 0 = a linear classifier</param>
/// <param name="loss">what the scores are held against</param>
/// <param name="update">learns the heads; used for nothing else</param>
/// <param name="similarity">share of similarity matching in what units minimise, see <see cref="SimilarityObjective"/></param>
/// <param name="drawsWeights">whether matrices are noise that nobody learns, <see cref="ParameterSlice.Drawn"/></param>
sealed class LocalHeadSet(Network network, int hiddenUnits, LocalHeadLoss loss, UpdateRule update, float similarity = 0,
    bool drawsWeights = false) : IDisposable
{
    // Averages over cells cost little, and finer ones bring nothing on images and harm on the few samples that sequences come in.
    const int MostReadingsOfImages = 1024, MostReadingsOfSequences = 256;

    readonly ParameterSet _parameters = new() { AppendsDrawn = drawsWeights };
    readonly List<Head> _heads = [];

    /// <summary>The head of one unit.</summary>
    /// <param name="Unit">whose outputs it reads</param>
    /// <param name="Layers">its layers, first to last</param>
    /// <param name="Reading">the first of them, which have no weights, built by themselves; empty without similarity matching</param>
    internal readonly record struct Head(LocalUnit Unit, Layer[] Layers, Layer[] Reading);

    /// <summary>The heads' tensors, <c>layers.N.head.K.weight</c>.</summary>
    public ParameterSet Parameters => _parameters;

    /// <summary>The heads, first unit first.</summary>
    public IReadOnlyList<Head> Heads => _heads;

    /// <summary>Adds the head of the next unit.</summary>
    public void Add(LocalUnit unit)
    {
        var layers = new List<LayerSpec>();
        int next = unit.End;
        for (; network.Spec.Layers[next].Role != LayerRole.Learner; next++)
        {
            // A norm would have weights of its own here, and statistics of a batch that is seen in parts.
            if (network.Spec.Layers[next].Role != LayerRole.Norm) layers.Add(network.Spec.Layers[next]);
        }

        var shape = network.Spec.OutputOf(next - 1);
        string name = network.Layers[unit.Learner].Name + ".head";
        var outputs = network.Layers[unit.End - 1].OutputShape;
        if (!network.Spec.LabelsSteps && ((shape.Rank == 2 ? GlobalPool(next) : null) ?? Cells(shape)) is { } pool)
            layers.Add(pool);
        var reading = similarity > 0 ? LayerStack.Build(name, outputs, layers, new ParameterSet()) : [];
        layers.AddRange(network.Spec.LabelsSteps
            ? StepHead.Of(network.Spec, network.Layers[unit.Learner].Name, shape, hiddenUnits, ScoresWords)
            : ClassHead());
        _heads.Add(new Head(unit, LayerStack.Build(name, outputs, layers, _parameters), reading));
    }

    /// <summary>Whether the objectives take so many rows of a batch at a time; similarity compares its samples.</summary>
    public bool TakesParts(int rows)
        => similarity == 0 && (!ScoresWords || (long)rows * network.Spec.LabelLength % TokenHeadLayer.Block == 0);

    // A vocabulary, whose scores are the largest thing in a step: the head makes the loss itself.
    const int ManyWords = 1024;

    bool ScoresWords => network.Spec.LabelsSteps && network.Spec.ClassCount >= ManyWords && !loss.IsHinge
        && loss.Network.Equals(Loss.SoftmaxCrossEntropy);

    /// <summary>
    /// Moments that the objective of a unit takes; one where it goes several times over what the unit leaves, or is compared with others.
    /// </summary>
    /// <param name="unit">which one</param>
    /// <param name="end">index behind its last layer, with those that it runs for the head</param>
    public int ObjectiveLengthOf(LocalUnit unit, int end)
    {
        var layers = _heads.Find(head => head.Unit == unit).Layers;
        bool goesOnce = similarity == 0 && (!network.Spec.LabelsSteps || ScoresWords);
        return layers is null || !goesOnce ? 1 : HeadObjective.LengthOf(layers[(end - unit.End)..]);
    }

    /// <summary>Layers behind a unit that its head begins with: what they make of the unit's outputs is the same in both.</summary>
    public int SharedBehind(LocalUnit unit)
    {
        int end = unit.End;
        while (similarity == 0 && network.Spec.Layers[end].Role is not (LayerRole.Learner or LayerRole.Norm)
            && network.Layers[end] is { Slices.Count: 0, DrawsNoise: false })
        {
            end++;
        }

        return end - unit.End;
    }

    /// <summary>What a unit with a head minimises.</summary>
    /// <param name="unit">that has been added</param>
    /// <param name="plan">collects the buffers</param>
    /// <param name="batch">most rows of a batch</param>
    /// <param name="times">of the unit, which may run the first layers of the head</param>
    public Objective ObjectiveOf(LocalUnit unit, MemoryPlan plan, int batch, in UnitTimes times)
    {
        var head = _heads.Find(head => head.Unit == unit);
        var layers = head.Layers[(times.End - unit.End)..];
        var objective = new HeadObjective(layers, _parameters, loss, update, network.Spec.LabelsSteps, plan, batch, times);
        if (similarity == 0) return objective;
        int outputs = network.Layers[unit.End - 1].OutputLength;
        return new SimilarityObjective(objective, network.Layers[unit.Learner].Name + ".head", head.Reading,
            (outputs, network.OutputLength), similarity, plan, batch, times.Objective);
    }

    // One label a sample.
    IEnumerable<LayerSpec> ClassHead()
    {
        if (hiddenUnits > 0) yield return new DenseSpec(hiddenUnits, Activation.Relu);
        yield return new DenseSpec(network.OutputLength, Activation.Identity);
    }

    // What the network itself makes of a sequence further up: a head that read stretches of it would tie its unit to places in time that
    // the network does not heed. (On images cells are better.)
    GlobalPoolSpec? GlobalPool(int next) => network.Spec.Layers.Skip(next).OfType<GlobalPoolSpec>().FirstOrDefault();

    // The average over square cells, or stretches of steps, that leaves few enough values; null when there are few enough.
    static LayerSpec? Cells(Shape shape)
    {
        if (shape.Rank < 2) return null;
        bool isImage = shape.Rank == 3;
        int features = isImage ? shape.Channels : shape.Width, rows = shape.Height, columns = isImage ? shape.Width : 1, side = 1;
        int most = isImage ? MostReadingsOfImages : MostReadingsOfSequences;
        while (side < Math.Max(rows, columns) && (long)features * Math.Max(1, rows / side) * Math.Max(1, columns / side) > most) side++;
        if (side == 1) return null;
        return side > Math.Min(rows, isImage ? columns : rows) || side == Math.Max(rows, columns)
            ? new GlobalPoolSpec(IsMean: true)
            : new PoolSpec(side, 0, IsMean: true);
    }

    /// <summary>Counts the heads' weights, asks the plan for their update's state, and has the starting weights drawn.</summary>
    /// <param name="plan">collects the buffers</param>
    /// <param name="initialise">draws them, once they have a place</param>
    public void Plan(MemoryPlan plan, Action initialise)
    {
        plan.Account("local heads", MemoryCategory.UpdateState, _parameters.Bytes);
        update.Plan(_parameters, plan);
        plan.WhenAllocated(() =>
        {
            _parameters.Allocate();
            initialise();
        });
    }

    /// <summary>Draws starting weights as those of any network.</summary>
    public void Initialise(ulong seed)
    {
        foreach (var head in _heads)
        {
            foreach (var layer in head.Layers) layer.Initialise(_parameters, seed);
        }
    }

    /// <summary>Sets the time of the step.</summary>
    public void BeginStep(in StepClock clock) => update.BeginStep(clock);

    /// <summary>Bytes of weights and update state.</summary>
    public long StateBytes => _parameters.Bytes + update.StateBytes;

    /// <summary>Writes weights and update state.</summary>
    public void Save(Stream state)
    {
        state.Write(_parameters.Content);
        state.Write(MemoryMarshal.AsBytes(update.State));
    }

    // Earlier checkpoints have the drawn matrices among the weights.
    long DrawnBytes => _parameters.Slices.Sum(slice => slice.IsDrawn ? (long)slice.Length * sizeof(float) : 0);

    /// <summary>Whether so many bytes can be what <see cref="Save"/> wrote, today or with the drawn matrices.</summary>
    public bool Takes(long bytes) => bytes == StateBytes || bytes == StateBytes + DrawnBytes;

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Restore(ByteSource state)
    {
        bool hasDrawn = state.Length > StateBytes;
        long at = 0;
        foreach (var slice in _parameters.Slices)
        {
            if (!slice.IsDrawn) state.Read(at, _parameters.Elements(slice));
            at += slice.IsDrawn && !hasDrawn ? 0 : (long)slice.Length * sizeof(float);
        }

        state.Read(at, MemoryMarshal.AsBytes(update.State));
    }

    public void Dispose() => _parameters.Dispose();
}

/// <summary>
/// The layers of a local head where a sample has a label for each step: a classifier over the features of each step, the same weights for
/// all of them, behind the average over so many steps as one label has at the unit's output.
/// </summary>
static class StepHead
{
    /// <summary>The layers, first to last.</summary>
    /// <param name="network">has labels for steps</param>
    /// <param name="name">of the unit, for errors</param>
    /// <param name="shape">what the next unit reads</param>
    /// <param name="hiddenUnits">of a hidden layer; 0 = none</param>
    /// <param name="scoresWords">whether the last layer makes the loss itself</param>
    /// <exception cref="EdgeLearnException">The shape is no sequence whose steps can be matched with the labels.</exception>
    public static IEnumerable<LayerSpec> Of(NetworkSpec network, string name, Shape shape, int hiddenUnits,
        bool scoresWords)
    {
        int labels = network.LabelLength;
        if (shape.Rank != 2 || shape.Height % labels != 0)
        {
            throw new EdgeLearnException($"{name} leaves {shape}, on which a local head cannot classify {labels} steps: expected a "
                + $"sequence of {labels} steps, or a multiple of it; use backprop or zo");
        }
        if (shape.Height > labels) yield return new PoolSpec(shape.Height / labels, 0, IsMean: true);
        if (hiddenUnits > 0) yield return new StepwiseDenseSpec(hiddenUnits, Activation.Relu);
        yield return scoresWords
            ? new TokenHeadSpec(network.ClassCount, IsTied: false) { HasBias = true }
            : new StepwiseDenseSpec(network.ClassCount, Activation.Identity);
    }
}
