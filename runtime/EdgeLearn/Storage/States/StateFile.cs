using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// A PyTorch <c>state_dict</c> as a safetensors file: tensors alone, without a word on the net that they belong to. It is read into a
/// network that somebody else describes, and written under PyTorch's names. Float tensors of 16, 32 or 64 bits are read, float32 is
/// written.
/// </summary>
public static class StateFile
{
    // Values that are read or written at a time where they cannot go straight.
    const int PieceLength = 8192;

    /// <summary>Whether a file has tensors and no network of ours.</summary>
    /// <exception cref="EdgeLearnException">It is not there, or is no safetensors file.</exception>
    public static bool IsBare(string path)
    {
        using var file = SafeTensors.Open(path);
        return !file.Metadata.ContainsKey("edgelearn.network");
    }

    /// <summary>Names the tensors that no layer can be made of, which are left out when the file is read: counters, indices and masks,
    /// which are no floats, and what has no element.</summary>
    /// <returns>one line; null where there are none</returns>
    /// <exception cref="EdgeLearnException">It is not there, or is no safetensors file.</exception>
    internal static string? SayLeftOut(string path)
    {
        using var file = SafeTensors.Open(path);
        string[] names = [.. file.Tensors.Where(StateMatch.IsLeftOut).OrderBy(tensor => tensor.Offset).Select(tensor => tensor.Name)];
        return names.Length == 0 ? null : $"{path}: left out, since no layer is made of "
            + $"{(names.Length == 1 ? "it" : "them")}: {NameText.Listed(names)}";
    }

    /// <summary>A network with the weights of a file. The caller disposes of it.</summary>
    /// <param name="path">a safetensors file</param>
    /// <param name="spec">the net that it was saved from</param>
    /// <exception cref="EdgeLearnException">The tensors are not those of the network; the message names layer and shapes.</exception>
    public static Network Load(string path, NetworkSpec spec)
    {
        using var file = SafeTensors.Open(path);
        return Load(file, path, spec);
    }

    /// <summary>A network with the weights of a file in memory. The caller disposes of it.</summary>
    /// <param name="bytes">the whole file; not kept</param>
    /// <param name="name">what to call it in errors</param>
    /// <param name="spec">the net that it was saved from</param>
    /// <exception cref="EdgeLearnException">The tensors are not those of the network; the message names layer and shapes.</exception>
    public static Network Load(ReadOnlyMemory<byte> bytes, string name, NetworkSpec spec)
    {
        using var file = SafeTensors.FromMemory(bytes, name);
        return Load(file, name, spec);
    }

    static Network Load(SafeTensors file, string name, NetworkSpec spec)
    {
        var network = new Network(spec);
        try
        {
            CheckPlaces(network, name);
            var columns = PlanarColumns.Of(spec);
            var names = StateMatch.Find(network, file, name);
            foreach (string tensor in names.Values) CheckType(file.Find(tensor)!, name);
            network.Parameters.Allocate(); // everything fits: no more is allocated than the file has
            foreach (var slice in network.Parameters.Slices)
            {
                var values = network.Parameters[slice];
                Read(file, file.Find(names[slice.Name])!, values, name);
                if (Exchanged(slice, columns) is var (channels, positions))
                    PlanarColumns.Exchange(values, channels, positions, toPlanes: false);
            }

            return network;
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>The file of a model's weights under PyTorch's names.</summary>
    /// <param name="model">whose weights</param>
    /// <param name="like">a state_dict of the same net, whose names are taken; null numbers the modules as <c>nn.Sequential</c>
    /// does</param>
    /// <exception cref="EdgeLearnException">The net has layers that PyTorch has not, or <paramref name="like"/> is of another
    /// net.</exception>
    public static byte[] ToArray(Model model, string? like = null) => WriterOf(model, like).ToArray();

    /// <summary>Writes that file durably in place of an older one.</summary>
    /// <param name="path">where to</param>
    /// <param name="model">whose weights</param>
    /// <param name="like">see <see cref="ToArray"/></param>
    /// <exception cref="EdgeLearnException">As there, or the file cannot be written.</exception>
    public static void Save(string path, Model model, string? like = null) => DurableFile.Replace(path, WriterOf(model, like).WriteTo);

    static SafeTensorsWriter WriterOf(Model model, string? like)
    {
        var spec = model.Network.Spec;
        CheckPlaces(model.Network, "the model");
        var columns = PlanarColumns.Of(spec);
        var parameters = model.Network.Parameters;
        using var pattern = like is null ? null : SafeTensors.Open(like);
        var names = pattern is null ? null : StateMatch.Find(model.Network, pattern, like!);
        int[] numbers = SequentialNames.Of(spec);
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("format", "pt");
        foreach (var slice in parameters.Slices)
        {
            var exchanged = Exchanged(slice, columns);
            string name = names?[slice.Name] ?? SequentialNames.Rename(slice.Name, numbers);
            writer.Add(name, "F32", pattern?.Find(name)!.Shape ?? slice.Shape, slice.Length * (long)sizeof(float),
                file => Write(parameters, slice, exchanged, file));
        }

        return writer;
    }

    // As floats, whatever the storage, in pieces: whole rows where columns change places.
    static void Write(ParameterSet parameters, ParameterSlice slice, (int Channels, int Positions)? exchanged, Stream file)
    {
        float[] piece = new float[exchanged is var (channels, positions) ? channels * positions : PieceLength];
        for (int i = 0; i < slice.Length; i += piece.Length)
        {
            var values = piece.AsSpan(0, Math.Min(piece.Length, slice.Length - i));
            parameters.Decode(slice, i, values);
            if (exchanged is var (c, p)) PlanarColumns.Exchange(values, c, p, toPlanes: true);
            file.Write(MemoryMarshal.AsBytes(values));
        }
    }

    // Which inputs a unit sees is chosen at random here, and has no name there.
    static void CheckPlaces(Network network, string name)
    {
        for (int i = 0; i < network.Layers.Length; i++)
        {
            if (network.Layers[i].Integers.Count > 0)
            {
                throw new EdgeLearnException($"{name}: layer {i + 1} ({network.Spec.Layers[i]}) has units that see random places of their "
                    + $"input, which no state_dict holds: use a model file of EdgeLearn");
            }
        }
    }

    static (int Channels, int Positions)? Exchanged(ParameterSlice slice, (int, int)?[] columns)
    {
        string[] parts = slice.Name.Split('.');
        return parts is [_, var index, "weight"] ? columns[int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)] : null;
    }

    static void CheckType(SafeTensor tensor, string name)
    {
        if (tensor.Type is not ("F32" or "F64" or "F16" or "BF16")) throw StateMismatch.OfType(tensor, name);
    }

    static void Read(SafeTensors file, SafeTensor tensor, Span<float> values, string name)
    {
        if (tensor.Type == "F32")
        {
            file.Read(tensor, MemoryMarshal.AsBytes(values));
        }
        else
        {
            int size = (int)(tensor.Bytes / Math.Max(1, values.Length));
            byte[] piece = new byte[PieceLength * size];
            for (int i = 0; i < values.Length; i += PieceLength)
            {
                var part = values.Slice(i, Math.Min(PieceLength, values.Length - i));
                file.Read(tensor, (long)i * size, piece.AsSpan(0, part.Length * size));
                for (int j = 0; j < part.Length; j++) part[j] = Number(tensor.Type, piece.AsSpan(j * size, size));
            }
        }

        if (!TensorPrimitives.IsFiniteAll<float>(values))
            throw new EdgeLearnException($"{name}: tensor {tensor.Name} has a value that is not a finite number");
    }

    static float Number(string type, ReadOnlySpan<byte> bytes) => type switch
    {
        "F64" => (float)BinaryPrimitives.ReadDoubleLittleEndian(bytes),
        "F16" => (float)BinaryPrimitives.ReadHalfLittleEndian(bytes),
        _ => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(bytes) << 16),
    };
}

/// <summary>
/// Dense layers whose inputs PyTorch flattens in another order: behind a convolution over steps it sees features x steps, where we have
/// steps x features, and on a raw colour image channels x positions, where files have the channel innermost. Their columns are exchanged on
/// the way in and out, so that a net computes the same on both sides.
/// </summary>
static class PlanarColumns
{
    /// <summary>Channels and positions of each layer's inputs whose columns are to be exchanged; null for the others.</summary>
    /// <exception cref="EdgeLearnException">A layer without columns stands behind inputs in another order.</exception>
    public static (int Channels, int Positions)?[] Of(NetworkSpec spec)
    {
        var result = new (int, int)?[spec.Layers.Count];
        bool fromConvolution = false;
        (int, int)? flattened = null;
        for (int i = 0; i < result.Length; i++)
        {
            var layer = spec.Layers[i];
            var input = spec.InputOf(i);
            if (layer is DenseSpec)
            {
                result[i] = flattened ?? Exchanged(input, fromConvolution);
            }
            else if (flattened is not null && layer is BatchNormSpec or RowNormSpec or ReceptiveFieldSpec or ReshapeSpec)
            {
                throw new EdgeLearnException($"layer {i + 1} ({layer}) stands behind a flattened {spec.InputOf(i - 1)}, whose values "
                    + $"PyTorch has in another order: put it before the flatten, or a dense layer between");
            }
            if (layer is FlattenSpec) flattened = Exchanged(input, fromConvolution);
            else if (layer is DenseSpec) flattened = null;
            fromConvolution = layer switch
            {
                Conv1dSpec => true,
                ResidualSpec block => fromConvolution || block.Body.Any(inner => inner is Conv1dSpec),
                RecurrentSpec or AttentionSpec or MlpSpec or StepwiseDenseSpec or EmbeddingSpec or PositionSpec or SinusoidSpec
                    or ReshapeSpec or DenseSpec => false,
                _ => fromConvolution,
            };
        }

        return result;
    }

    static (int, int)? Exchanged(Shape input, bool fromConvolution)
    {
        if (input is { Rank: 2, Height: > 1, Width: > 1 } && fromConvolution) return (input.Width, input.Height);
        return input is { Rank: 3, IsPlanar: false } ? (input.Channels, input.PlaneLength) : null;
    }

    /// <summary>Exchanges the columns of a matrix in place.</summary>
    /// <param name="weights">[rows x (channels * positions)]</param>
    /// <param name="channels">of the inputs</param>
    /// <param name="positions">steps or pixels of the inputs</param>
    /// <param name="toPlanes">from channel innermost to one plane a channel, else back</param>
    public static void Exchange(Span<float> weights, int channels, int positions, bool toPlanes)
    {
        int columns = channels * positions;
        float[] row = new float[columns];
        for (int start = 0; start < weights.Length; start += columns)
        {
            var values = weights.Slice(start, columns);
            values.CopyTo(row);
            for (int c = 0; c < channels; c++)
            {
                for (int p = 0; p < positions; p++)
                {
                    if (toPlanes) values[c * positions + p] = row[p * channels + c];
                    else values[p * channels + c] = row[c * positions + p];
                }
            }
        }
    }
}
