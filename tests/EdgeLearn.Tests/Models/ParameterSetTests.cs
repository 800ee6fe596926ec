using Xunit;

namespace EdgeLearn.Tests;

public class ParameterSetTests
{
    static ParameterSet Small()
    {
        var set = new ParameterSet();
        set.Add("a", [3, 40], decay: true);
        set.Add("b", [5], decay: false);
        set.Allocate();
        Values.Fill(set.Values, 1);
        return set;
    }

    [Fact]
    public void Tensors_follow_each_other_in_one_block()
    {
        using var set = Small();
        ParameterSlice a = set.Slices[0], b = set.Slices[1];
        Assert.Equal((0, 120, 40, true), (a.Offset, a.Length, a.RowLength, a.Decay));
        Assert.Equal((120, 5, 5, false), (b.Offset, b.Length, b.RowLength, b.Decay));
        Assert.Equal((125, 500L), (set.Length, set.Bytes));
        Assert.True(set.Values[120..] == set[b]);
        Assert.Same(b, set.Find("b"));
        Assert.Null(set.Find("c"));
    }

    [Fact]
    public void A_probe_reads_weights_plus_scaled_noise_and_writes_none()
    {
        using var set = Small();
        float[] before = set.Values.ToArray();
        float[] scratch = new float[50];
        foreach (var kind in new[] { NoiseKind.Sign, NoiseKind.Gaussian })
        {
            var probe = new Probe(kind, 9, 0.25f);
            ulong key = Noise.Key(9, Noise.TensorHash("a"));
            var read = set.Read(set.Slices[0], probe, 37, 50, scratch);
            for (int i = 0; i < 50; i++)
            {
                Assert.Equal(before[37 + i] + 0.25f * (kind == NoiseKind.Sign ? Noise.SignAt(key, 37 + i) : Noise.GaussianAt(key, 37 + i)),
                    read[i]);
            }
        }

        Values.AssertSameBits(before, set.Values, "weights");
    }

    [Fact]
    public void A_plain_read_and_a_tensor_that_is_not_trainable_are_the_weights_themselves()
    {
        using var set = Small();
        Assert.True(set.Read(set.Slices[1], Probe.None, 1, 3, default) == set[set.Slices[1]].Slice(1, 3));
        set.Slices[1].Trainable = false;
        Assert.True(set.Read(set.Slices[1], new Probe(NoiseKind.Sign, 1, 1), 1, 3, new float[3]) == set[set.Slices[1]].Slice(1, 3));
    }

    [Fact]
    public void The_content_hash_sees_every_bit_and_the_shape_hash_none()
    {
        using ParameterSet set = Small(), other = Small();
        Assert.Equal(set.ContentHash(), other.ContentHash());
        other.Values[124] = BitConverter.Int32BitsToSingle(BitConverter.SingleToInt32Bits(other.Values[124]) ^ 1);
        Assert.NotEqual(set.ContentHash(), other.ContentHash());
        Assert.Equal(set.ShapeHash(), other.ShapeHash());
        using var renamed = new ParameterSet();
        renamed.Add("a", [40, 3], decay: true);
        renamed.Add("b", [5], decay: false);
        Assert.NotEqual(set.ShapeHash(), renamed.ShapeHash());
    }

    [Fact]
    public void Starting_weights_fill_their_bound_and_do_not_depend_on_other_layers()
    {
        using var network = new Network(NetworkSpec.Parse("100-80-60:relu-10", null, Loss.SoftmaxCrossEntropy)).Initialise(5);
        using var deeper = new Network(NetworkSpec.Parse("100-80-70-10", null, Loss.SoftmaxCrossEntropy)).Initialise(5);
        using var other = new Network(NetworkSpec.Parse("100-80-60:relu-10", null, Loss.SoftmaxCrossEntropy)).Initialise(6);
        Values.AssertSameBits(network.Parameters[network.Parameters.Find("layers.0.weight")!],
            deeper.Parameters[deeper.Parameters.Find("layers.0.weight")!], "first layer");
        Assert.NotEqual(network.Parameters.ContentHash(), other.Parameters.ContentHash());
        AssertUniform(network, "layers.0.weight", 1 / Math.Sqrt(100));
        AssertUniform(network, "layers.1.weight", Math.Sqrt(6) / Math.Sqrt(80));
        AssertUniform(network, "layers.2.weight", 1 / Math.Sqrt(60));
    }

    static void AssertUniform(Network network, string tensor, double bound)
    {
        float[] w = network.Parameters[network.Parameters.Find(tensor)!].ToArray();
        double unit = 5 / Math.Sqrt(w.Length);
        Assert.InRange(w.Max(MathF.Abs), 0.98 * bound, bound * 1.000001);
        Assert.InRange(w.Average(value => value / bound), -unit * 0.58, unit * 0.58);
        Assert.InRange(w.Average(value => value * value / (bound * bound)), 1.0 / 3 - unit * 0.3, 1.0 / 3 + unit * 0.3);
    }

    [Fact]
    public void A_described_set_has_no_weights_yet_and_an_allocated_one_takes_no_more_tensors()
    {
        using var set = new ParameterSet();
        set.Add("a", [2], decay: false);
        Assert.Throws<InvalidOperationException>(() => set.Values.Length);
        set.Allocate();
        Assert.Equal(0, set.Values[1]);
        Assert.Throws<InvalidOperationException>(() => set.Add("b", [2], decay: false));
    }
}
