namespace EdgeLearn.Protocol;

/// <summary>
/// What the numbers of an update mean: the tensors of a parameter set, in its order. All of them travel, so that a round's result is a
/// whole model.
/// </summary>
public sealed class UpdateShape
{
    /// <summary>Describes a parameter set, which need not be allocated and is not kept.</summary>
    /// <exception cref="EdgeLearnException">It has no tensor.</exception>
    public UpdateShape(ParameterSet parameters)
    {
        if (parameters.Length == 0)
            throw new EdgeLearnException("the model has no weights: there is nothing that could travel");
        Tensors = [.. parameters.Slices.Select(slice => new UpdateTensor(slice.Name, slice.Length))];
        Length = parameters.Length;
        Hash = new Digest(parameters.ShapeHash());
    }

    /// <summary>The tensors in order.</summary>
    public IReadOnlyList<UpdateTensor> Tensors { get; }

    /// <summary>Parameters in all.</summary>
    public int Length { get; }

    /// <summary><see cref="ParameterSet.ShapeHash"/>: two models with the same hash can exchange updates.</summary>
    public Digest Hash { get; }
}

/// <summary>One tensor that travels in an update.</summary>
/// <param name="Name">Its name in the model file.</param>
/// <param name="Length">Number of parameters.</param>
public readonly record struct UpdateTensor(string Name, int Length);
