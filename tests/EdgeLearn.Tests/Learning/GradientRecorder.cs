using Xunit;

namespace EdgeLearn.Tests;

/// <summary>An update that changes no weight and keeps the gradient of the last step; fails when a value arrives twice.</summary>
sealed class GradientRecorder : UpdateRule
{
    readonly Dictionary<string, float[]> _gradients = [];

    protected override long StateLengthOf(ParameterSet parameters) => 0;

    public override void BeginStep(in StepClock clock)
    {
        base.BeginStep(clock);
        _gradients.Clear();
    }

    public override void Accept(ParameterSlice slice, int offset, ReadOnlySpan<float> gradient)
    {
        if (!_gradients.TryGetValue(slice.Name, out float[]? values))
        {
            values = new float[slice.Length];
            Array.Fill(values, float.NaN);
            _gradients.Add(slice.Name, values);
        }

        var part = values.AsSpan(offset, gradient.Length);
        Assert.False(part.ContainsAnyInRange(float.NegativeInfinity, float.PositiveInfinity), $"{slice.Name} from {offset} arrived twice");
        gradient.CopyTo(part);
    }

    public IReadOnlyCollection<string> Tensors => _gradients.Keys;

    public float[] this[string tensor] => _gradients[tensor];
}
