using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>A round's base model, opened to become its successor: same network, same preparation, other weights.</summary>
public sealed class RoundModel : UpdateTarget, IDisposable
{
    readonly Model _model;
    readonly RoundTraining _training;

    /// <summary>Takes over an open model.</summary>
    /// <param name="model">disposed of with this</param>
    /// <param name="training">rate and noise of the round</param>
    /// <exception cref="EdgeLearnException">Its weights are stored in fewer bits.</exception>
    public RoundModel(Model model, RoundTraining training)
    {
        RoundTraining.CheckStorage(model.Network);
        _model = model;
        _training = training;
        Shape = new UpdateShape(model.Network.Parameters);
    }

    /// <summary>Reads a model file.</summary>
    /// <param name="bytes">All of it.</param>
    /// <param name="name">What to call it in an error.</param>
    /// <param name="training">Rate and noise of the round.</param>
    /// <exception cref="EdgeLearnException">Not a model.</exception>
    public static RoundModel Read(byte[] bytes, string name, RoundTraining training) => new(ModelFile.Load(bytes, name), training);

    /// <inheritdoc/>
    public override UpdateShape Shape { get; }

    /// <inheritdoc/>
    public override Span<float> Weights => _model.Network.Parameters.Values;

    /// <inheritdoc/>
    public override void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions)
    {
        // The rate and the frozen tensors are those that every board has, whichever board and round.
        var settings = _training.ToSettings(_model.Network.Spec, 0, 0);
        settings.Train?.Freeze(_model.Network);
        var noise = ((ProbeSettings)settings.Rule).Noise;
        var update = new SgdSettings().Build(seed: 0);
        update.Plan(_model.Network.Parameters, new MemoryPlan());
        float[] chunk = new float[1024];
        for (int step = 0; step * directions < records.Length; step++)
        {
            update.BeginStep(new StepClock(step, settings.LearningRate!.Value));
            ZerothOrderRecord.Apply(_model.Network.Parameters.Slices, noise, records.Slice(step * directions, directions), update, chunk);
        }
    }

    /// <summary>The file of the model as it is now.</summary>
    public byte[] ToBytes() => ModelFile.ToArray(_model);

    /// <inheritdoc/>
    public void Dispose() => _model.Dispose();
}
