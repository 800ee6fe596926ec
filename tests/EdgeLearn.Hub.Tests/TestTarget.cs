using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>A model that is its weights alone and notes what it is to replay.</summary>
sealed class TestTarget(UpdateShape shape, float[] weights) : UpdateTarget
{
    public override UpdateShape Shape => shape;

    public override Span<float> Weights => weights;

    public List<(ZerothOrderRecord Record, int Directions)> Replayed { get; } = [];

    public override void Replay(ReadOnlySpan<ZerothOrderRecord> records, int directions)
    {
        foreach (var record in records)
            Replayed.Add((record, directions));
    }
}
