using Xunit;

namespace EdgeLearn.Tests;

/// <summary>What no layer can be made of is left out and said; a float tensor that is left over is refused.</summary>
public sealed class StateLeftOutTests
{
    static readonly NetworkSpec s_spec = NetworkSpec.Parse("4-4:relu-4:relu-3", null, Loss.SoftmaxCrossEntropy);

    static StateBytes Plain() => StateBytes.Of("beta alpha head", module => module == "beta" ? 1 : module == "alpha" ? 2 : 3);

    static string? Said(StateBytes state)
    {
        using var folder = new TemporaryFolder();
        string? line = StateFile.SayLeftOut(folder.Write("s.safetensors", state.ToArray()));
        return line?.Replace(folder["s.safetensors"], "s.safetensors", StringComparison.Ordinal);
    }

    static string Refusal(StateBytes state, NetworkSpec? spec = null)
    {
        string message = Assert.Throws<EdgeLearnException>(() => StateFile.Load(state.ToArray(), "s.safetensors", spec ?? s_spec)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Theory]
    [InlineData("n_averaged", "I64", new int[0])]
    [InlineData("embeddings.position_ids", "I64", new[] { 1, 8 })]
    [InlineData("mask", "BOOL", new[] { 4, 4 })]
    [InlineData("beta.mask", "U8", new[] { 4, 4 })]
    [InlineData("index", "I32", new[] { 49, 49 })]
    [InlineData("steps", "U16", new[] { 3 })]
    [InlineData("other.weight", "I8", new[] { 4, 4 })]
    [InlineData("cache", "F32", new[] { 0, 7 })]
    [InlineData("beta.cache", "F16", new[] { 4, 0 })]
    [InlineData("norm.num_batches_tracked", "I64", new int[0])]
    [InlineData("norm.num_batches_tracked", "F16", new int[0])] // a cast of the whole state_dict
    public void Counters_indices_masks_and_empty_tensors_are_left_out_and_said(string name, string type, int[] shape)
    {
        using Network plain = StateFile.Load(Plain().ToArray(), "plain", s_spec),
            more = StateFile.Load(Plain().Add(name, type, shape, 7).ToArray(), "more", s_spec),
            before = StateFile.Load(new StateBytes().Add(name, type, shape, 7).Add(Plain()).ToArray(), "before", s_spec);
        Assert.Equal(plain.Parameters.ContentHash(), more.Parameters.ContentHash());
        Assert.Equal(plain.Parameters.ContentHash(), before.Parameters.ContentHash());
        Assert.Equal($"s.safetensors: left out, since no layer is made of it: {name}", Said(Plain().Add(name, type, shape)));
    }

    [Fact]
    public void Nothing_is_said_where_nothing_is_left_out() => Assert.Null(Said(Plain()));

    [Fact]
    public void Many_names_and_strange_ones_make_one_line()
    {
        var state = Plain().Add("two\nlines\u001b[31m\u2028", "BOOL", [1]).Add(new string('x', 200), "BOOL", [1]);
        Assert.Equal($"s.safetensors: left out, since no layer is made of them: two?lines?[31m? and {new string('x', 80)}...", Said(state));
        for (int i = 0; i < 20; i++) state.Add($"norm{i}.num_batches_tracked", "I64", []);
        Assert.EndsWith(", norm8.num_batches_tracked, norm9.num_batches_tracked and 10 more", Said(state), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("other.weight", "F32", new[] { 4, 4 }, "other.weight is left over: other has weight [4, 4], and no layer of "
        + "4-4:relu-4:relu-3 is left for it: is a layer missing in the network?")]
    [InlineData("scale", "F16", new int[0], "scale is left over: scale has weight [], and")]
    [InlineData("other.weight", "F8_E4M3", new[] { 4, 4 }, "other.weight is left over")]
    [InlineData("beta.weight_mask", "F32", new[] { 4, 4 }, "beta.weight_mask is left over")]
    public void A_float_tensor_that_is_left_over_is_refused_by_name(string name, string type, int[] shape, string expected)
    {
        Assert.StartsWith("s.safetensors: " + expected, Refusal(Plain().Add(name, type, shape)), StringComparison.Ordinal);
        Assert.Contains(expected, Refusal(Plain().Add(name, type, shape).InLibraryOrder()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_module_too_many_or_too_few_is_refused_with_the_names_of_its_kind()
    {
        Assert.Equal("s.safetensors: beta, alpha and other have bias [4], weight [4, 4], which layer 1 (4:relu) and layer 2 (4:relu) need: "
            + "1 left over: is a layer missing in the network?",
            Refusal(Plain().Add("other.weight", "F32", [4, 4]).Add("other.bias", "F32", [4])));
        Assert.Equal("s.safetensors: beta and alpha have bias [4], weight [4, 4], which layer 1 (4:relu), layer 2 (4:relu) and layer 3 "
            + "(4:relu) need: tensors are missing, or the network has a layer too many",
            Refusal(Plain(), NetworkSpec.Parse("4-4:relu-4:relu-4:relu-3", null, Loss.SoftmaxCrossEntropy)));
    }

    [Fact]
    public void Weights_of_integers_are_named_where_a_layer_needs_them()
    {
        var state = StateBytes.Of("beta alpha.bias alpha.weight/I8 head", _ => 1);
        Assert.Equal("s.safetensors: tensor alpha.weight is I8, expected F32, F64, F16 or BF16", Refusal(state));
    }

    [Fact]
    public void Statistics_of_norms_belong_to_their_modules_and_their_counters_do_not()
    {
        var spec = NetworkSpec.Parse("4x4-conv3x3x2:same-batchnorm-conv3x3x2:same-batchnorm-flatten-3", null, Loss.SoftmaxCrossEntropy);
        var state = new StateBytes();
        foreach (string name in (string[])["late", "early"])
        {
            float value = name == "late" ? 1 : 2; // the writer's order: late comes first
            state.Add($"{name}_conv.weight", "F16", [2, name == "late" ? 1 : 2, 3, 3], value).Add($"{name}_conv.bias", "F16", [2], value);
            foreach (string part in (string[])["weight", "bias", "running_mean", "running_var"])
                state.Add($"{name}_norm.{part}", "F32", [2], value);
            state.Add($"{name}_norm.num_batches_tracked", "I64", [], 9);
        }

        state.Add("head.weight", "F16", [3, 32], 3).Add("head.bias", "F16", [3], 3);
        using var network = StateFile.Load(state.ToArray(), "s.safetensors", spec);
        foreach (var slice in network.Parameters.Slices)
        {
            float expected = slice.Name[7] is '0' or '1' ? 1 : slice.Name[7] is '2' or '3' ? 2 : 3;
            Assert.All(network.Parameters[slice].ToArray(), value => Assert.Equal(expected, value));
        }

        Assert.Contains("early_norm and late_norm cannot be told apart", Refusal(state.InLibraryOrder(), spec), StringComparison.Ordinal);
    }
}
