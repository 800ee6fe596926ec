namespace EdgeLearn.Protocol;

/// <summary>One tensor that travels in an update.</summary>
/// <param name="Name">Its name in the model file.</param>
/// <param name="Dimensions">Its logical shape.</param>
public sealed record UpdateTensor(string Name, IReadOnlyList<int> Dimensions)
{
    /// <summary>Number of parameters.</summary>
    public int Length { get; } = checked((int)Dimensions.Aggregate(1L, (product, d) => d > 0 ? checked(product * d)
        : throw new EdgeLearnException($"the tensor {Name} has a dimension of {d}")));
}

/// <summary>The trainable tensors of a model in the order of its parameter set: what the numbers of an update mean.</summary>
public sealed class UpdateShape
{
    /// <summary>Takes the tensors in order.</summary>
    /// <exception cref="EdgeLearnException">No tensor, or more than 2^31 - 1 parameters.</exception>
    public UpdateShape(IReadOnlyList<UpdateTensor> tensors)
    {
        if (tensors.Count == 0)
            throw new EdgeLearnException("the model has no trainable tensor: there is nothing that could travel");
        long length = tensors.Sum(t => (long)t.Length);
        if (length > int.MaxValue / sizeof(float))
            throw new EdgeLearnException($"an update of {length} parameters is too large: at most {int.MaxValue / sizeof(float)}");
        Tensors = tensors;
        Length = (int)length;
        CanonicalWriter writer = new();
        writer.WriteUInt32((uint)tensors.Count);
        foreach (UpdateTensor tensor in tensors)
        {
            writer.WriteText(tensor.Name);
            writer.WriteUInt16(checked((ushort)tensor.Dimensions.Count));
            foreach (int dimension in tensor.Dimensions)
                writer.WriteUInt32((uint)dimension);
        }
        Hash = Digest.Of(writer.ToArray());
    }

    /// <summary>The tensors in order.</summary>
    public IReadOnlyList<UpdateTensor> Tensors { get; }

    /// <summary>Parameters in all.</summary>
    public int Length { get; }

    /// <summary>SHA-256 of count, names and dimensions: two models with the same hash can exchange updates.</summary>
    public Digest Hash { get; }
}
