using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace EdgeLearn;

/// <summary>
/// The model file: safetensors. Weights lie under their usual names (<c>layers.0.weight</c>), the places of receptive fields as I32 tensors
/// (<c>layers.0.window</c>), the preparation as <c>input.shift</c> and <c>input.scale</c>; the metadata has <c>edgelearn.format</c> (1),
/// <c>edgelearn.network</c> (see <see cref="NetworkJson"/>), <c>edgelearn.weights</c> where matrices are BF16, or I8 with a <c>.scale</c>
/// tensor a matrix, <c>edgelearn.noise</c> (the noise version) and, where known, <c>edgelearn.classes</c>, <c>edgelearn.columns</c>
/// (<see cref="InputColumns"/>) and <c>edgelearn.media</c> (<see cref="Model.Media"/>). Where needed <c>input.remainder</c> adds to the
/// shift, and <c>target.mean</c> and <c>target.deviation</c> (F64) scale real targets. The same model gives the same bytes on every
/// machine.
/// </summary>
public static class ModelFile
{
    /// <summary>Version of the layout.</summary>
    public const int Format = 1;

    /// <summary>Writes a model durably in place of an older file.</summary>
    /// <exception cref="EdgeLearnException">A weight is not finite, or the file cannot be written; the older one is untouched.</exception>
    public static void Save(string path, Model model)
    {
        if (model.Network.Parameters.FindNotFinite() is { } slice)
            throw new EdgeLearnException($"{slice.Name} has a value that is not a finite number: {path} was not written");
        DurableFile.Replace(path, WriterOf(model).WriteTo);
    }

    /// <summary>Writes the bytes of a model's file to a stream, straight from the weights.</summary>
    public static void Write(Model model, Stream file) => WriterOf(model).WriteTo(file);

    /// <summary>The bytes of a model's file.</summary>
    public static byte[] ToArray(Model model) => WriterOf(model).ToArray();

    internal static SafeTensorsWriter WriterOf(Model model)
    {
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("edgelearn.format", Format.ToString(CultureInfo.InvariantCulture));
        writer.AddMetadata("edgelearn.network", NetworkJson.Write(model.Network.Spec));
        if (model.Network.Parameters.Storage != WeightStorage.Float32)
            writer.AddMetadata("edgelearn.weights", model.Network.Parameters.Storage.Word());
        writer.AddMetadata("edgelearn.noise", Noise.Version.ToString(CultureInfo.InvariantCulture));
        if (model.ClassNames is { } names)
            writer.AddMetadata("edgelearn.classes", JsonText.List(names));
        if (model.Columns is { } columns) writer.AddMetadata("edgelearn.columns", ColumnsJson.Write(columns));
        if (model.Media is { } media) writer.AddMetadata("edgelearn.media", media);
        Add(writer, model.Preparation);
        foreach (var layer in model.Network.Layers)
        {
            foreach (var tensor in layer.Integers)
            {
                writer.Add(tensor.Name, "I32", tensor.Shape, tensor.Length * sizeof(int),
                    file => file.Write(MemoryMarshal.AsBytes(tensor.Values.AsSpan())));
            }

            foreach (var slice in layer.Slices) Add(writer, model.Network.Parameters, slice);
        }

        return writer;
    }

    internal static void Add(SafeTensorsWriter writer, Preparation preparation)
    {
        writer.Add("input.shift", [preparation.Shift.Length], preparation.Shift);
        writer.Add("input.scale", [preparation.Scale.Length], preparation.Scale);
        if (!preparation.Remainder.IsEmpty) writer.Add("input.remainder", [preparation.Remainder.Length], preparation.Remainder);
        if (preparation.Targets.IsNone) return;
        int count = preparation.Targets.Mean.Length;
        writer.Add("target.mean", "F64", [count], MemoryMarshal.AsBytes(preparation.Targets.Mean));
        writer.Add("target.deviation", "F64", [count], MemoryMarshal.AsBytes(preparation.Targets.Deviation));
    }

    internal static void Add(SafeTensorsWriter writer, ParameterSet parameters, ParameterSlice slice)
    {
        writer.Add(slice.Name, slice.Storage.TensorType(), slice.Shape, slice.Length * (long)slice.Storage.ElementBytes(),
            file => file.Write(parameters.Elements(slice)));
        if (slice.ScaleCount == 0) return;
        writer.Add(slice.Name + ".scale", "F32", [slice.ScaleCount], slice.ScaleCount * sizeof(float),
            file => file.Write(MemoryMarshal.AsBytes(parameters.Scales(slice))));
    }

    /// <summary>Reads a model from a file.</summary>
    /// <exception cref="EdgeLearnException">It is not there, broken, of a newer format, or a tensor is missing or misshapen.</exception>
    public static Model Load(string path)
    {
        using var file = SafeTensors.Open(path);
        return Load(file, path);
    }

    /// <summary>Reads a model from a file in memory.</summary>
    /// <param name="bytes">the whole file; not kept</param>
    /// <param name="name">what to call it in errors</param>
    /// <exception cref="EdgeLearnException">It is broken, of a newer format, or a tensor is missing or misshapen.</exception>
    public static Model Load(ReadOnlyMemory<byte> bytes, string name)
    {
        using var file = SafeTensors.FromMemory(bytes, name);
        return Load(file, name);
    }

    internal static Model Load(SafeTensors file, string name)
    {
        if (!file.Metadata.TryGetValue("edgelearn.network", out string? description))
        {
            throw new EdgeLearnException($"{name} has no edgelearn.network in its metadata; if it is a state_dict of PyTorch, give it as "
                + $"--model and its net as --network");
        }
        string format = file.Metadata.GetValueOrDefault("edgelearn.format", "");
        if (format != "1")
            throw new EdgeLearnException($"{name}: model format '{format}', this program reads {Format}: use a newer program");
        var storage = file.Metadata.TryGetValue("edgelearn.weights", out string? word)
            ? WeightStorageWords.Parse(word)
            : WeightStorage.Float32;
        var network = new Network(NetworkJson.Read(description, name), storage);
        try
        {
            ReadWeights(file, network, name);
            var preparation = ReadPreparation(file, name);
            preparation.CheckLength(network.InputLength);
            if (!network.Loss.IsClassification) preparation.Targets.CheckLength(network.OutputLength);
            return new Model(network, preparation, ClassNames(file, network, name), Columns(file, network, name))
            {
                Media = file.Metadata.GetValueOrDefault("edgelearn.media"),
            };
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>Reads the weights of a file into a network of the same layers, straight to where they lie.</summary>
    internal static void ReadWeights(SafeTensors file, Network network, string name)
    {
        CheckTensors(network, file, name); // before anything is allocated on the description's word
        network.Parameters.Allocate();
        foreach (var layer in network.Layers) ReadLayer(layer, network.Parameters, file, name);
    }

    internal static Preparation ReadPreparation(SafeTensors file, string name)
    {
        var inputs = new Preparation(Floats(file, "input.shift", name), Floats(file, "input.scale", name));
        bool hasRemainder = file.Find("input.remainder") is not null, scalesTargets = file.Find("target.mean") is not null;
        if (!hasRemainder && !scalesTargets) return inputs;
        return new Preparation(inputs, hasRemainder ? Floats(file, "input.remainder", name) : [],
            scalesTargets
                ? new TargetScale(Numbers<double>(file, "target.mean", "F64", name), Numbers<double>(file, "target.deviation", "F64", name))
                : TargetScale.None);
    }

    static void CheckTensors(Network network, SafeTensors file, string name)
    {
        foreach (var layer in network.Layers)
        {
            foreach (var tensor in layer.Integers) Expect(file, tensor.Name, "I32", tensor.Shape, name);
            foreach (var slice in layer.Slices) Expect(file, slice, name);
        }
    }

    internal static void Expect(SafeTensors file, ParameterSlice slice, string name)
    {
        Expect(file, slice.Name, slice.Storage.TensorType(), slice.Shape, name);
        if (slice.ScaleCount > 0) Expect(file, slice.Name + ".scale", "F32", [slice.ScaleCount], name);
    }

    static SafeTensor Expect(SafeTensors file, string tensorName, string type, ReadOnlySpan<int> shape, string name)
    {
        var tensor = file.Find(tensorName) ?? throw new EdgeLearnException($"{name}: tensor {tensorName} is missing");
        if (tensor.Type != type || !shape.SequenceEqual(tensor.Shape))
        {
            throw new EdgeLearnException($"{name}: tensor {tensorName} is {tensor.Type} [{string.Join(", ", tensor.Shape)}], "
                + $"expected {type} [{string.Join(", ", shape.ToArray())}]");
        }

        return tensor;
    }

    static void ReadLayer(Layer layer, ParameterSet parameters, SafeTensors file, string name)
    {
        foreach (var tensor in layer.Integers) file.Read(file.Find(tensor.Name)!, MemoryMarshal.AsBytes(tensor.Values.AsSpan()));
        layer.UseIntegers();
        foreach (var slice in layer.Slices) ReadSlice(file, parameters, slice, name);
    }

    internal static void ReadSlice(SafeTensors file, ParameterSet parameters, ParameterSlice slice, string name)
    {
        file.Read(file.Find(slice.Name)!, parameters.Elements(slice));
        if (slice.ScaleCount > 0) file.Read(file.Find(slice.Name + ".scale")!, MemoryMarshal.AsBytes(parameters.Scales(slice)));
        if (!parameters.IsFinite(slice))
        {
            throw new EdgeLearnException($"{name}: tensor {slice.Name} has a value that is not a finite number: take an earlier copy of "
                + $"the model");
        }
    }

    static float[] Floats(SafeTensors file, string tensorName, string name) => Numbers<float>(file, tensorName, "F32", name);

    static T[] Numbers<T>(SafeTensors file, string tensorName, string type, string name)
        where T : unmanaged
    {
        var tensor = file.Find(tensorName) ?? throw new EdgeLearnException($"{name}: tensor {tensorName} is missing");
        if (tensor.Type != type) throw new EdgeLearnException($"{name}: tensor {tensorName} is {tensor.Type}, expected {type}");
        var values = new T[tensor.Bytes / Unsafe.SizeOf<T>()];
        file.Read(tensor, MemoryMarshal.AsBytes(values.AsSpan()));
        return values;
    }

    static InputColumns? Columns(SafeTensors file, Network network, string name)
        => file.Metadata.TryGetValue("edgelearn.columns", out string? text) ? ColumnsJson.Read(text, network.InputLength, name) : null;

    internal static string[]? ClassNames(SafeTensors file, Network network, string name)
    {
        if (!file.Metadata.TryGetValue("edgelearn.classes", out string? text)) return null;
        try
        {
            using var document = JsonDocument.Parse(text);
            string[] names = JsonText.Texts(document.RootElement);
            if (names.Length == network.Loss.ClassesOf(network.Spec.ClassCount)) return names;
        }
        catch (Exception e) when (JsonText.IsBroken(e))
        {
        }

        throw new EdgeLearnException($"{name}: edgelearn.classes is no list of {network.Loss.ClassesOf(network.Spec.ClassCount)} names");
    }
}
