using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// The local heads of a rule: small networks at the outputs of hidden units, with weights and update state of their own that live as long
/// as the rule and are no part of the model. A head reads what the next unit reads (the outputs behind the pools and reshapes that prepare
/// them) and scores the classes. Maps and steps are averaged over cells until few enough values are left; where the network pools a
/// sequence as a whole further up, so does the head.
/// </summary>
/// <param name="network">has the units</param>
/// <param name="hiddenUnits">units of a hidden layer in each head; 0 = a linear classifier</param>
/// <param name="loss">what the scores are held against</param>
/// <param name="update">learns the heads; used for nothing else</param>
/// <param name="similarity">share of similarity matching in what units minimise, see <see cref="SimilarityObjective"/></param>
sealed class LocalHeadSet(Network network, int hiddenUnits, LocalHeadLoss loss, UpdateRule update, float similarity = 0) : IDisposable
{
    // Averages over cells cost little, and finer ones bring nothing on images and harm on the few samples that sequences come in.
    const int MostReadingsOfImages = 1024, MostReadingsOfSequences = 256;

    readonly ParameterSet _parameters = new();
    readonly List<(LocalUnit Unit, LayerStack Layers)> _heads = [];

    /// <summary>The heads' tensors, <c>layers.N.head.K.weight</c>.</summary>
    public ParameterSet Parameters => _parameters;

    /// <summary>The heads with their units, first unit first.</summary>
    public IReadOnlyList<(LocalUnit Unit, LayerStack Layers)> Heads => _heads;

    /// <summary>Adds the head of the next unit.</summary>
    /// <returns>what the unit minimises</returns>
    public LocalObjective Add(LocalUnit unit)
    {
        var layers = new List<LayerSpec>();
        for (int i = unit.End; network.Spec.Layers[i].Role != LayerRole.Learner; i++) layers.Add(network.Spec.Layers[i]);
        var shape = network.Spec.OutputOf(unit.End - 1 + layers.Count);
        string name = network.Layers[unit.Learner].Name + ".head";
        var outputs = network.Layers[unit.End - 1].OutputShape;
        if (!network.Spec.LabelsSteps && ((shape.Rank == 2 ? GlobalPool(unit.End + layers.Count) : null) ?? Cells(shape)) is { } pool)
            layers.Add(pool);
        var reading = layers.Count > 0 ? new LayerStack(name, outputs, layers, new ParameterSet()) : null;
        layers.AddRange(network.Spec.LabelsSteps
            ? StepHead.Of(network.Spec, network.Layers[unit.Learner].Name, shape, hiddenUnits)
            : ClassHead());
        var head = new LayerStack(name, outputs, layers, _parameters);
        _heads.Add((unit, head));
        LocalObjective objective = new HeadObjective(head, _parameters, loss, update, network.Spec.LabelsSteps);
        return similarity == 0
            ? objective
            : new SimilarityObjective(objective, name, reading,
                (outputs.Length, (reading?.OutputShape ?? outputs).Length, network.OutputLength), similarity);
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

    /// <summary>Counts the heads' weights and asks the plan for their update's state.</summary>
    public void Plan(MemoryPlan plan)
    {
        plan.Account("local heads", MemoryCategory.UpdateState, _parameters.Bytes);
        update.Plan(_parameters, plan);
    }

    /// <summary>Takes the planned buffers and draws the starting weights.</summary>
    public void Bind(Workspace workspace, ulong seed)
    {
        update.Bind(workspace);
        _parameters.Allocate();
        foreach (var (_, head) in _heads) head.Initialise(_parameters, seed);
    }

    /// <summary>Sets the time of the step.</summary>
    public void BeginStep(in StepClock clock) => update.BeginStep(clock);

    /// <summary>Bytes of weights and update state.</summary>
    public long StateBytes => _parameters.Bytes + update.StateBytes;

    /// <summary>Writes weights and update state.</summary>
    public void Save(Span<byte> state)
    {
        _parameters.Content.CopyTo(state);
        MemoryMarshal.AsBytes(update.State).CopyTo(state[(int)_parameters.Bytes..]);
    }

    /// <summary>Takes back what <see cref="Save"/> wrote.</summary>
    public void Restore(ReadOnlySpan<byte> state)
    {
        state[..(int)_parameters.Bytes].CopyTo(_parameters.Content);
        MemoryMarshal.Cast<byte, float>(state[(int)_parameters.Bytes..]).CopyTo(update.State);
    }

    /// <inheritdoc/>
    public void Dispose() => _parameters.Dispose();
}
