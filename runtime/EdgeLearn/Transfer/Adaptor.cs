using System.Globalization;
using System.Runtime.InteropServices;

namespace EdgeLearn;

/// <summary>
/// A file of its own for what was learned on a frozen base: the tensors that were trainable (adaptors, biases, norms, a head), the running
/// statistics beside them, and the SHA-256 of the base's model file. Safetensors; the metadata has <c>edgelearn.adaptor</c> (1),
/// <c>edgelearn.base</c>, <c>edgelearn.train</c> (the keys of <see cref="TrainableParts"/>, which say kind and rank),
/// <c>edgelearn.network</c> (the base's with the adaptors) and, where they are others, <c>edgelearn.classes</c>.
/// </summary>
public static class Adaptor
{
    /// <summary>Version of the layout.</summary>
    public const int Format = 1;

    /// <summary>What a base is known by: the SHA-256 of its model file as EdgeLearn writes it, in hexadecimal.</summary>
    public static string IdentityOf(Model model)
    {
        using var hash = new HashStream();
        ModelFile.Write(model, hash);
        return Convert.ToHexStringLower(hash.Finish());
    }

    /// <summary>Writes an adaptor durably in place of an older file.</summary>
    /// <param name="path">where to</param>
    /// <param name="learned">the network that learned, its trainable tensors marked, and the names of its classes</param>
    /// <param name="train">the keys by which it learned</param>
    /// <param name="baseIdentity"><see cref="IdentityOf"/> the base</param>
    public static void Save(string path, Model learned, TrainableParts train, string baseIdentity)
        => DurableFile.Replace(path, WriterOf(learned, train, baseIdentity).WriteTo);

    /// <summary>The bytes of an adaptor's file.</summary>
    /// <param name="learned">the network that learned, its trainable tensors marked, and the names of its classes</param>
    /// <param name="train">the keys by which it learned</param>
    /// <param name="baseIdentity"><see cref="IdentityOf"/> the base</param>
    public static byte[] ToArray(Model learned, TrainableParts train, string baseIdentity)
        => WriterOf(learned, train, baseIdentity).ToArray();

    static SafeTensorsWriter WriterOf(Model learned, TrainableParts train, string baseIdentity)
    {
        var writer = new SafeTensorsWriter();
        writer.AddMetadata("edgelearn.adaptor", Format.ToString(CultureInfo.InvariantCulture));
        writer.AddMetadata("edgelearn.base", baseIdentity);
        writer.AddMetadata("edgelearn.train", train.ToString());
        writer.AddMetadata("edgelearn.network", NetworkJson.Write(learned.Network.Spec));
        if (learned.ClassNames is { } names)
            writer.AddMetadata("edgelearn.classes", JsonText.List(names));
        foreach (var layer in learned.Network.Layers)
        {
            foreach (var slice in layer.Slices)
            {
                if (slice.Trainable || (slice.IsStatistic && layer.IsTrainable)) ModelFile.Add(writer, learned.Network.Parameters, slice);
            }
        }

        return writer;
    }

    /// <summary>The base with an adaptor from a file, unmerged. The caller disposes of both.</summary>
    /// <param name="model">the base; unchanged</param>
    /// <param name="path">the adaptor</param>
    /// <param name="name">what to call the base in errors</param>
    /// <exception cref="EdgeLearnException">The file is no adaptor, was made for another base, or a tensor is missing or
    /// misshapen.</exception>
    public static Model Apply(Model model, string path, string name)
    {
        using var file = SafeTensors.Open(path);
        if (!file.Metadata.TryGetValue("edgelearn.adaptor", out string? format))
        {
            throw new EdgeLearnException($"{path} is a safetensors file without edgelearn.adaptor in its metadata: expected a file that "
                + $"train --save-adaptor wrote");
        }
        if (format != "1")
            throw new EdgeLearnException($"{path}: adaptor format '{format}', this program reads {Format}: use a newer program");
        string wanted = file.Metadata.GetValueOrDefault("edgelearn.base", ""), actual = IdentityOf(model);
        if (wanted != actual)
        {
            throw new EdgeLearnException($"{path} is an adaptor for a base of SHA-256 {Start(wanted)}, {name} has {Start(actual)}: give "
                + $"the model that it was trained on");
        }
        if (!file.Metadata.TryGetValue("edgelearn.network", out string? description))
            throw new EdgeLearnException($"{path}: edgelearn.network is missing in its metadata");
        var network = model.Network.Rebuild(NetworkJson.Read(description, path), seed: 0);
        try
        {
            foreach (var slice in network.Parameters.Slices) Read(file, path, network.Parameters, slice, model.Network.Parameters);
            foreach (var tensor in file.Tensors)
            {
                if (network.Parameters.Find(TensorOf(tensor.Name, network.Parameters)) is null)
                    throw new EdgeLearnException($"{path}: tensor {tensor.Name} belongs to no layer of its network");
            }

            var names = file.Metadata.ContainsKey("edgelearn.classes")
                ? ModelFile.ClassNames(file, network, path)
                : model.Network.OutputLength == network.OutputLength ? model.ClassNames : null;
            return model with { Network = network, ClassNames = names };
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    static string Start(string hash) => hash.Length > 12 ? hash[..12] + "..." : $"'{hash}'";

    // The scales of int8 codes are a tensor of their own.
    static string TensorOf(string name, ParameterSet parameters)
    {
        const string Scale = ".scale";
        return name.EndsWith(Scale, StringComparison.Ordinal) && parameters.Find(name) is null ? name[..^Scale.Length] : name;
    }

    static void Read(SafeTensors file, string path, ParameterSet parameters, ParameterSlice slice, ParameterSet known)
    {
        if (file.Find(slice.Name) is null)
        {
            if (known.Find(slice.Name) is { } from && from.Shape.SequenceEqual(slice.Shape) && from.Storage == slice.Storage) return;
            throw new EdgeLearnException($"{path}: tensor {slice.Name} is missing");
        }

        ModelFile.Expect(file, slice, path);
        ModelFile.ReadSlice(file, parameters, slice, path);
    }
}
