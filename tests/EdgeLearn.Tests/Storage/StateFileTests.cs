using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// state_dicts that PyTorch saved (tests/Reference/make_states_golden.py): read, they compute what PyTorch computes; written again, they
/// are the tensors that PyTorch wrote.
/// </summary>
public sealed class StateFileTests
{
    static readonly JsonElement[] s_cases = [.. Golden.Read("states.json").Items("cases")];

    public static TheoryData<string> Names => [.. s_cases.Select(item => item.Text("name"))];

    static JsonElement Item(string name) => s_cases.Single(item => item.Text("name") == name);

    static NetworkSpec Spec(string network) => NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy);

    static byte[] State(string name) => Golden.Bytes(name + ".safetensors");

    static void AssertOutputs(JsonElement item, Network network)
    {
        using var pass = new BoundPass(network, 3);
        Values.AssertNear(item.Doubles("outputs"), pass.Outputs(new Batch(3, item.Floats("inputs"), (ReadOnlySpan<int>)[0, 0, 0])), 1e-5,
            network.Spec.ToString());
    }

    // Renames, reorders or changes the tensors of a file.
    static byte[] Changed(byte[] state, Func<SafeTensor, (string Name, int[] Shape, string? Type)?> change,
        Func<IEnumerable<SafeTensor>, IEnumerable<SafeTensor>>? order = null)
    {
        using var file = SafeTensors.FromMemory(state, "state");
        var writer = new SafeTensorsWriter();
        foreach (var tensor in (order ?? (all => all))(file.Tensors))
        {
            if (change(tensor) is not var (name, shape, type)) continue;
            byte[] bytes = new byte[shape.Aggregate(1, (a, b) => a * b)
                * (type == "F64" ? 8 : type is "F16" or "BF16" ? 2 : tensor.Type == "I64" ? 8 : 4)];
            byte[] own = new byte[tensor.Bytes];
            file.Read(tensor, own);
            if (type is null) own.AsSpan(0, Math.Min(own.Length, bytes.Length)).CopyTo(bytes);
            for (int i = 0; type is not null && i < own.Length / 4; i++)
            {
                float value = BitConverter.ToSingle(own, 4 * i);
                byte[] number = type == "F64" ? BitConverter.GetBytes((double)value) : type == "F16"
                    ? BitConverter.GetBytes((Half)value)
                    : BitConverter.GetBytes(value)[2..];
                number.CopyTo(bytes, i * number.Length);
            }

            writer.Add(name, type ?? tensor.Type, shape, bytes);
        }

        return writer.ToArray();
    }

    static (string, int[], string?)? Same(SafeTensor tensor) => (tensor.Name, tensor.Shape, null);

    static string Refusal(byte[] state, string network)
    {
        string message = Assert.Throws<EdgeLearnException>(() => StateFile.Load(state, "s.safetensors", Spec(network))).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_state_dict_computes_what_it_computed_in_PyTorch(string name)
    {
        var item = Item(name);
        using var network = StateFile.Load(State(name), name, Spec(item.Text("network")));
        AssertOutputs(item, network);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void It_is_written_with_the_names_shapes_and_bytes_that_PyTorch_wrote(string name)
    {
        using var folder = new TemporaryFolder();
        string like = folder["like.safetensors"];
        File.WriteAllBytes(like, State(name));
        using var model = new Model(StateFile.Load(State(name), name, Spec(Item(name).Text("network"))), Preparation.Identity);
        using var expected = SafeTensors.Open(like);
        bool isNumbered = name is "dense" or "wide"; // modules without names of their own, or a step in between that is none of ours
        foreach (string? pattern in isNumbered ? (string?[])[null, like] : [like])
        {
            using var written = SafeTensors.FromMemory(StateFile.ToArray(model, pattern), "written");
            if (name == "recurrent") Assert.Equal(10, written.Tensors.Count);
            foreach (var tensor in expected.Tensors.Where(tensor => tensor.Type == "F32"))
            {
                var other = written.Find(tensor.Name);
                Assert.NotNull(other);
                Assert.Equal(tensor.Shape, other.Shape);
                byte[] wanted = new byte[tensor.Bytes], actual = new byte[other.Bytes];
                expected.Read(tensor, wanted);
                written.Read(other, actual);
                Assert.Equal(wanted, actual);
            }

            Assert.Equal(expected.Tensors.Count(tensor => tensor.Type == "F32"), written.Tensors.Count);
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void As_the_safetensors_library_orders_it_a_state_dict_computes_the_same_or_is_refused(string name)
    {
        byte[] sorted = Changed(State(name), Same, all => all.OrderBy(tensor => tensor.Type == "I64" ? 0 : 1)
            .ThenBy(tensor => tensor.Name, StringComparer.Ordinal));
        var item = Item(name);
        if (name == "encoder") // its last norm has no number, those before it have
        {
            Assert.Contains("cannot be told apart", Refusal(sorted, item.Text("network")), StringComparison.Ordinal);
            return;
        }

        using var network = StateFile.Load(sorted, name, Spec(item.Text("network")));
        AssertOutputs(item, network);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_under_our_own_names_is_read_too(string name)
    {
        var item = Item(name);
        using var model = new Model(StateFile.Load(State(name), name, Spec(item.Text("network"))), Preparation.Identity);
        using var again = StateFile.Load(StateFile.ToArray(model), "again", model.Network.Spec);
        Assert.Equal(model.Network.Parameters.ContentHash(), again.Parameters.ContentHash());
    }

    [Theory]
    [InlineData("F64", 0)]
    [InlineData("F16", 2e-3)]
    [InlineData("BF16", 2e-2)]
    public void Other_floats_are_read(string type, double tolerance)
    {
        using Network expected = StateFile.Load(State("dense"), "s", Spec(Item("dense").Text("network"))),
            network = StateFile.Load(Changed(State("dense"), tensor => (tensor.Name, tensor.Shape, type)), "s", expected.Spec);
        Values.AssertNear([.. expected.Parameters.Values.ToArray().Select(value => (double)value)], network.Parameters.Values, tolerance,
            type);
    }

    [Fact]
    public void Numbered_modules_are_told_apart_where_a_writer_has_sorted_the_names()
    {
        var item = Item("wide"); // twelve modules of the same shapes: as text, 10 comes before 2
        byte[] sorted = Changed(State("wide"), Same, all => all.OrderBy(tensor => tensor.Name, StringComparer.Ordinal));
        using var network = StateFile.Load(sorted, "sorted", Spec(item.Text("network")));
        AssertOutputs(item, network);
    }

    [Fact]
    public void Named_modules_of_the_same_shapes_go_by_their_order_unless_it_is_that_of_the_alphabet()
    {
        string[] ordered = ["stem", "body", "head"];
        byte[] named =
            Changed(State("wide"),
            tensor => int.Parse(tensor.Name.Split('.')[0], null) is < 5 and var number
            ? ($"{ordered[number / 2]}.{tensor.Name.Split('.')[1]}", tensor.Shape, null) : null);
        using Network network = StateFile.Load(named, "named", Spec("8-8-8-8")),
            all = StateFile.Load(State("wide"), "all", Spec(Item("wide").Text("network")));
        Values.AssertSameBits(all.Parameters.Values[..network.Parameters.Length], network.Parameters.Values, "weights");
        string message =
            Refusal(Changed(named, Same, tensors => tensors.OrderBy(tensor => tensor.Name, StringComparer.Ordinal)), "8-8-8-8");
        Assert.StartsWith("s.safetensors: body, head and stem cannot be told apart: they have the same shapes, fit layer 1 (8:tanh), layer "
            + "2 (8:tanh) and layer 3 (8), and the file is sorted by name", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("12-9-6:relu-4",
        "s.safetensors: layer 2 (6:relu) needs bias [6], weight [6, 9], 2 has bias [7], "
            + "weight [7, 9]: describe the net that the file was saved from")]
    [InlineData("12-9-7:relu-4-4",
        "s.safetensors: layer 4 (4) needs bias [4], weight [4, 4], and nothing in the file is left for it: "
            + "tensors are missing, or the network has a layer too many")]
    [InlineData("12-9-7",
        "s.safetensors: 4.weight and 4.bias are left over: 4 has bias [4], weight [4, 7], and no layer of 12-9-7 is left for it: is a "
            + "layer missing in the network?")]
    [InlineData("13-9-7:relu-4",
        "s.safetensors: layer 1 (9:tanh) needs bias [9], weight [9, 13], 0 has bias [9], weight [9, 12]: "
            + "describe the net that the file was saved from")]
    [InlineData("3x4-9@2x2-7-4",
        "s.safetensors: layer 1 (9@2x2:tanh) has units that see random places of their input, "
            + "which no state_dict holds: use a model file of EdgeLearn")]
    public void A_net_that_is_not_that_of_the_file_is_refused_with_layer_and_shapes(string network, string expected)
    => Assert.Equal(expected, Refusal(State("dense"), network));

    [Fact]
    public void A_missing_tensor_and_one_of_integers_are_refused_with_layer_and_shapes()
    {
        string network = Item("dense").Text("network");
        Assert.Equal("s.safetensors: layer 2 (7:relu) needs bias [7], weight [7, 9], 2 has weight [7, 9]: describe the net that the file "
            + "was saved from", Refusal(Changed(State("dense"), tensor => tensor.Name == "2.bias" ? null : Same(tensor)), network));
        Assert.Contains("tensor 4.weight is I32, expected F32, F64, F16 or BF16", Refusal(WithIntegers(), network),
            StringComparison.Ordinal);

        byte[] WithIntegers()
        {
            using var file = SafeTensors.FromMemory(State("dense"), "s");
            var writer = new SafeTensorsWriter();
            foreach (var tensor in file.Tensors)
                writer.Add(tensor.Name, tensor.Name == "4.weight" ? "I32" : "F32", tensor.Shape, new byte[tensor.Bytes]);
            return writer.ToArray();
        }
    }

    [Fact]
    public void A_pickle_is_refused_with_the_line_that_converts_it()
    {
        foreach (var (start, kind) in ((byte[], string)[])
            [("PK\u0003\u0004\0\0\0\0 archive/data.pkl"u8.ToArray(), "PyTorch file (a zip archive with a pickle, as torch.save writes it)"),
            ([0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9], "pickle, as Python writes it, and torch.save before version 1.6")])
        {
            string message = Assert.Throws<EdgeLearnException>(() => SafeTensors.FromMemory(start, "net.pt")).Message;
            Assert.Equal($"net.pt is a {kind}, where a safetensors file is expected: it could run any code when read; convert it with: "
                + "python3 -c \"import torch, safetensors.torch as s; s.save_file(torch.load('net.pt', map_location='cpu'), "
                + "'net.safetensors')\"", message);
        }

        byte[] header = [0x80, 2, 0, 0, 0, 0, 0, 0, .. new byte[640]]; // a header of 640 bytes begins like a pickle
        Assert.DoesNotContain("pickle", Assert.Throws<EdgeLearnException>(() => SafeTensors.FromMemory(header, "s")).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_flattened_sequence_has_its_columns_exchanged_and_what_has_none_is_refused()
    {
        Assert.Equal([null, null, null, null, (3, 4)], PlanarColumns.Of(Spec("6x3-conv3x3-relu-dropout0.5-flatten-5")));
        Assert.Equal([(2, 12), null], PlanarColumns.Of(Spec("3x4x2-5-2")));
        Assert.All(PlanarColumns.Of(Spec("6x3-gru4:sequence-flatten-5")), Assert.Null);
        Assert.All(PlanarColumns.Of(Spec("6x6-conv3x3x3-flatten-layernorm-5")), Assert.Null);
        Assert.Contains("layer 3 (layernorm) stands behind a flattened 4x3",
            Assert.Throws<EdgeLearnException>(() => PlanarColumns.Of(Spec("6x3-conv3x3-flatten-layernorm-5"))).Message,
            StringComparison.Ordinal);
    }
}
