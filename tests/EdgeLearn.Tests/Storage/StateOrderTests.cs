using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// Modules of one shape are told apart by the numbers in their names, or by the order of a file that kept its writer's; what only a sorted
/// file could tell apart is refused. Each module holds one value, the number of its layer.
/// </summary>
public sealed class StateOrderTests
{
    static readonly NetworkSpec s_spec = NetworkSpec.Parse("4-4:relu-4:relu-4:relu-3", null, Loss.SoftmaxCrossEntropy);

    static StateBytes State(string tensors, string layers) => StateBytes.Of(tensors, module => ValueOf(module, layers));

    static float ValueOf(string module, string layers) => module == "head" ? 4 : 1 + Array.IndexOf(layers.Split(' '), module);

    static void AssertInOrder(byte[] file)
    {
        using var network = StateFile.Load(file, "s.safetensors", s_spec);
        for (int i = 0; i < 4; i++)
        {
            foreach (string part in (string[])["weight", "bias"])
            {
                var slice = network.Parameters.Slices.Single(slice => slice.Name == $"layers.{i}.{part}");
                Assert.All(network.Parameters[slice].ToArray(), value => Assert.Equal(i + 1, value));
            }
        }
    }

    static string Refusal(byte[] file, NetworkSpec? spec = null)
    {
        string message = Assert.Throws<EdgeLearnException>(() => StateFile.Load(file, "s.safetensors", spec ?? s_spec)).Message;
        Assert.DoesNotContain('\n', message);
        return message;
    }

    [Theory]
    [InlineData("beta alpha zeta head", "beta alpha zeta")]
    [InlineData("alpha beta zeta head", "alpha beta zeta")] // sorted, but for the last
    [InlineData("alpha.weight alpha.bias beta.weight beta.bias head.weight head.bias zeta.weight zeta.bias", "alpha beta zeta")]
    [InlineData("beta/F16 alpha zeta/F16 head", "beta alpha zeta")]
    [InlineData("beta/F16 head/F16 alpha zeta", "beta alpha zeta")] // the library writes wide types first
    [InlineData("beta.weight/F16 beta.bias alpha.weight/F16 alpha.bias zeta.weight/F16 zeta.bias head.weight/F16 head.bias",
        "beta alpha zeta")]
    [InlineData("net.b.fc net.a.fc net.c.fc head", "net.b.fc net.a.fc net.c.fc")]
    [InlineData("beta.weight alpha.weight zeta.weight head.weight beta.bias alpha.bias zeta.bias head.bias", "beta alpha zeta")]
    public void A_file_that_is_not_sorted_kept_the_order_of_its_writer(string tensors, string layers)
        => AssertInOrder(State(tensors, layers).ToArray());

    [Theory]
    [InlineData("l1/F16 l2/F16 l3 head", "l1 l2 l3")]
    [InlineData("l2 l3 l10 head", "l2 l3 l10")]
    [InlineData("l9/BF16 l10/F64 l11/F16 head", "l9 l10 l11")]
    [InlineData("9 10 100 head", "9 10 100")]
    [InlineData("net.0.fc net.2.inner.proj net.10.fc head", "net.0.fc net.2.inner.proj net.10.fc")]
    [InlineData("layer1.0.conv1 layer1.0.conv2 layer1.1.conv1 head", "layer1.0.conv1 layer1.0.conv2 layer1.1.conv1")]
    [InlineData("layer2.1 layer2.10 layer10.0 head", "layer2.1 layer2.10 layer10.0")]
    [InlineData("n7 n99999999999999999999 n100000000000000000000 head", "n7 n99999999999999999999 n100000000000000000000")]
    [InlineData("l007 l08 l9 head", "l007 l08 l9")]
    [InlineData("conv1a conv2a conv10a head", "conv1a conv2a conv10a")]
    [InlineData("b1_conv b2_norm b10 head", "b1_conv b2_norm b10")]
    public void Numbers_decide_whatever_the_order(string tensors, string layers)
    {
        var state = State(tensors, layers);
        AssertInOrder(state.ToArray());
        AssertInOrder(state.InLibraryOrder().ToArray());
        AssertInOrder(state.InLibraryOrder().ToArray(names => names.Reverse()));
    }

    [Theory]
    [InlineData("beta alpha zeta head")]
    [InlineData("beta/F16 alpha/F16 zeta/F16 head/F16")]
    [InlineData("beta/F16 alpha/F16 zeta head")]
    [InlineData("zeta/F64 beta alpha/F16 head")]
    [InlineData("beta/F16 alpha/BF16 zeta/F16 head/BF16")]
    [InlineData("beta.weight/F16 beta.bias alpha.weight/F16 alpha.bias zeta.weight/F16 zeta.bias head.weight/F16 head.bias")]
    [InlineData("beta alpha/F16 zeta/F16 head/BF16")]
    [InlineData("net.b.fc net.a.fc net.c.fc head")]
    [InlineData("blocks.0.q blocks.0.k blocks.1.q head")]
    [InlineData("fc1 fc2 out head")]
    [InlineData("fc fc2 fc3 head")]
    [InlineData("l1 l01 l2 head")] // one number twice
    [InlineData("9c1 3fa2 7e head")] // digits of a code are no numbers
    public void Modules_that_only_a_sorted_file_could_tell_apart_are_refused_by_name(string tensors)
    {
        string[] layers = [.. tensors.Split(' ').Select(word => word.Split('/')[0].Replace(".weight", "").Replace(".bias", "")).Distinct()
            .Where(module => module != "head")];
        var sorted = State(tensors, string.Join(' ', layers)).InLibraryOrder();
        string[] byName = [.. layers.Order(StringComparer.Ordinal)];
        string start = $"s.safetensors: {byName[0]}, {byName[1]} and {byName[2]} cannot be told apart: ";
        Assert.StartsWith(start, Refusal(sorted.ToArray()), StringComparison.Ordinal);
        // A header in an order of its own, as older libraries wrote it, tells no more.
        Assert.StartsWith(start, Refusal(sorted.ToArray(_ => State(tensors, "").Names)), StringComparison.Ordinal);
        // Nor do a counter and a mask that somebody put behind them, or before.
        foreach (string name in (string[])["a_count", "z_mask"])
            Assert.StartsWith(start, Refusal(sorted.Add(name, "I64", []).Add(name + "2", "BOOL", [2]).ToArray()), StringComparison.Ordinal);
    }

    [Fact]
    public void Modules_are_refused_where_one_writer_kept_his_order_and_it_is_that_of_the_alphabet()
        => Assert.Equal("s.safetensors: alpha, beta and gamma cannot be told apart: they have the same shapes, fit layer 1 (4:relu), layer "
            + "2 (4:relu) and layer 3 (4:relu), and the file is sorted by name, or by type and name, which says nothing of the order of "
            + "layers: rename them in the order of the layers, such as 0, 1, ..., or save the tensors in the order of the state_dict",
            Refusal(State("alpha beta gamma head", "alpha beta gamma").ToArray()));

    [Fact]
    public void Types_do_not_break_the_order_of_the_alphabet()
        => Assert.Contains("alpha, beta and gamma cannot be told apart",
            Refusal(State("alpha/F16 beta gamma/F16 head", "alpha beta gamma").ToArray()), StringComparison.Ordinal);

    [Fact]
    public void Weights_and_biases_in_two_orders_are_refused()
        => Assert.Contains("alpha, beta and zeta cannot be told apart: they have the same shapes, fit layer 1 (4:relu), layer 2 (4:relu) "
            + "and layer 3 (4:relu), and their weights and biases lie in two orders",
            Refusal(State("beta.weight alpha.weight zeta.weight alpha.bias beta.bias zeta.bias head", "beta alpha zeta").ToArray()),
            StringComparison.Ordinal);

    [Fact]
    public void The_order_is_that_of_the_bytes_and_not_of_the_header()
    {
        var kept = State("beta alpha zeta head", "beta alpha zeta");
        AssertInOrder(kept.ToArray(names => names.Order(StringComparer.Ordinal)));
        AssertInOrder(kept.ToArray(names => names.Reverse()));
        Assert.Contains("cannot be told apart", Refusal(kept.InLibraryOrder().ToArray(_ => kept.Names)), StringComparison.Ordinal);
    }

    [Fact]
    public void Many_modules_are_named_in_part()
    {
        string[] layers = [.. Enumerable.Range(0, 30).Select(i => $"{(char)('a' + i % 26)}{(char)('a' + i / 26)}")];
        var spec = NetworkSpec.Parse("4-" + string.Join('-', Enumerable.Repeat("4", 30)), null, Loss.SoftmaxCrossEntropy);
        string message = Refusal(State(string.Join(' ', layers), "").InLibraryOrder().ToArray(), spec);
        Assert.StartsWith("s.safetensors: aa, ab, ba, bb, ca, cb, da, db, ea, fa, ga, ha and 18 more cannot be told apart", message,
            StringComparison.Ordinal);
        Assert.InRange(message.Length, 1, 1000);
    }

    [Fact]
    public void Any_order_of_any_types_is_the_true_one_or_refused()
    {
        var random = new Random(5);
        int kept = 0, refused = 0;
        string[] types = ["F64", "F32", "F16", "BF16"];
        for (int n = 0; n < 500; n++)
        {
            string[] modules = ["alpha", "beta", "zeta"];
            random.Shuffle(modules);
            string layers = string.Join(' ', modules), type = types[random.Next(4)];
            var state = State(string.Join(' ', modules.Append("head").Select(module
                => $"{module}/{(n % 2 == 0 ? type : types[random.Next(4)])}")), layers);
            // What a program would make of the same tensors: where it is the same, nobody knows who has ordered them.
            bool isSorted = state.Names.SequenceEqual(state.InLibraryOrder().Names)
                || state.Names.SequenceEqual(state.Names.Order(StringComparer.Ordinal));
            if (!isSorted)
            {
                try
                {
                    AssertInOrder(state.ToArray());
                    kept++;
                }
                catch (EdgeLearnException) // types of one width: more orders count as sorted than the library's
                {
                    Assert.Contains("BF16", System.Text.Encoding.Latin1.GetString(state.ToArray()), StringComparison.Ordinal);
                }
            }
            Assert.Contains("cannot be told apart", Refusal(state.InLibraryOrder().ToArray()), StringComparison.Ordinal);
            refused++;
        }

        Assert.InRange(kept, 400, 500);
        Assert.Equal(500, refused);
    }

    [Fact]
    public void A_file_with_bytes_changed_or_cut_off_is_read_or_refused_in_one_line()
    {
        var random = new Random(7);
        byte[] whole = State("beta alpha/F16 zeta head", "beta alpha zeta").Add("mask", "BOOL", [2]).Add("cache", "F32", [0, 7]).ToArray();
        for (int n = 0; n < 3000; n++)
        {
            byte[] file = whole[..(n % 4 == 0 ? random.Next(whole.Length) : whole.Length)];
            for (int i = random.Next(4); i >= 0 && file.Length > 0; i--)
                file[random.Next(file.Length)] = (byte)random.Next(n % 2 * 128 + 128);
            try
            {
                StateFile.Load(file, "s", s_spec).Dispose();
            }
            catch (EdgeLearnException e)
            {
                Assert.DoesNotContain('\n', e.Message);
                Assert.InRange(e.Message.Length, 1, 2000);
            }
        }
    }
}
