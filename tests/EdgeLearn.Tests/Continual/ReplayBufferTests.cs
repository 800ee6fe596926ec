using System.Runtime.InteropServices;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class ReplayBufferTests
{
    const int Width = 3;

    /// <summary>A buffer with its workspace, for inputs of three values and four classes.</summary>
    sealed class OpenBuffer : IDisposable
    {
        readonly Network _network = new(NetworkSpec.Parse("3-4", null, Loss.SoftmaxCrossEntropy));
        readonly Workspace _workspace;

        public OpenBuffer(int samples, ReplayKind kind = ReplayKind.Reservoir, ReplayStorage storage = ReplayStorage.AsData, ulong seed = 1,
            Dataset? data = null, Preparation? preparation = null)
        {
            data ??= new MemoryDataset(new float[Width], [0], Shape.Vector(Width), 4);
            int rowBytes = Width * (storage == ReplayStorage.Int8 ? 1 : data.Number.ByteCount() > 2 ? 4 : data.Number.ByteCount()) + 4
                + (storage == ReplayStorage.Int8 ? 4 : 0);
            long counts = (kind == ReplayKind.Balanced ? 4 * 13 : 0) + Width * 4;
            var settings = new ContinualSettings
            {
                Replay = kind,
                ReplayStorage = storage,
                ReplayBytes = counts + (samples * rowBytes + 3) / 4 * 4
            };
            var plan = new MemoryPlan();
            var block = ReplayBuffer.Plan(settings, _network, plan);
            Assert.Equal(settings.ReplayBytes, plan.BytesOf(MemoryCategory.Past));
            _workspace = new Workspace(plan);
            Buffer = new ReplayBuffer(settings, _network, data, preparation ?? Preparation.Identity, seed, block);
        }

        public ReplayBuffer Buffer { get; }

        public void Offer(int number, int label = 0) => Buffer.Offer([number, 0, 0], [BitConverter.Int32BitsToSingle(label)]);

        public void Dispose()
        {
            _workspace.Dispose();
            _network.Dispose();
        }
    }

    static int[] NumbersIn(ReplayBuffer buffer)
    {
        float[] inputs = new float[buffer.Count * Width];
        Assert.Equal(buffer.Count, buffer.Draw(buffer.Count, 9, inputs, new float[buffer.Count]));
        return [.. Enumerable.Range(0, buffer.Count).Select(i => (int)inputs[i * Width])];
    }

    [Fact]
    public void Every_sample_of_the_stream_has_the_same_odds_to_be_in_a_reservoir()
    {
        // 30 of 120 samples in 2000 independent streams: each is in with odds 1/4.
        const int Capacity = 30, Stream = 120, Runs = 2000;
        int[] hits = new int[Stream];
        for (int run = 0; run < Runs; run++)
        {
            using var open = new OpenBuffer(Capacity, seed: (ulong)run);
            for (int n = 0; n < Stream; n++) open.Offer(n);
            Assert.Equal(Capacity, open.Buffer.Count);
            foreach (int n in NumbersIn(open.Buffer)) hits[n]++;
        }

        double expected = Runs * (double)Capacity / Stream, variance = expected * (1 - (double)Capacity / Stream);
        // The hits of a run add up to the capacity, so the sum is chi-square with 119 degrees of freedom, times 120/119 at most: mean 119,
        // deviation 15.4.
        double chiSquare = hits.Sum(h => (h - expected) * (h - expected) / variance);
        Assert.InRange(chiSquare, 119 - 4 * 15.4, 119 + 4 * 15.4);
        // Early and late samples alike.
        Assert.InRange(hits[..60].Sum(), Runs * Capacity / 2 - 4 * Math.Sqrt(60 * variance),
            Runs * Capacity / 2 + 4 * Math.Sqrt(60 * variance));
    }

    [Fact]
    public void A_balanced_buffer_holds_as_many_of_each_class_however_they_come()
    {
        // 900 of class 0, then 90 of class 1, then 12 of class 2: a third each, since all have 12 or more.
        using var open = new OpenBuffer(36, ReplayKind.Balanced);
        for (int n = 0; n < 1002; n++) open.Offer(n, n < 900 ? 0 : n < 990 ? 1 : 2);
        Assert.Equal([12, 12, 12], Enumerable.Range(0, 3).Select(c => open.Buffer.Labels.Count(c)));
        // With fewer than a share, a class is kept whole.
        using var rare = new OpenBuffer(36, ReplayKind.Balanced);
        for (int n = 0; n < 1002; n++) rare.Offer(n, n % 100 == 7 && n < 300 ? 3 : n % 3);
        Assert.Equal([11, 11, 11, 3], Enumerable.Range(0, 4).Select(c => rare.Buffer.Labels.Count(c)));
    }

    [Fact]
    public void Within_a_class_of_a_balanced_buffer_all_samples_have_the_same_odds()
    {
        const int Runs = 1500;
        int[] hits = new int[100];
        for (int run = 0; run < Runs; run++)
        {
            using var open = new OpenBuffer(20, ReplayKind.Balanced, seed: (ulong)run);
            for (int n = 0; n < 200; n++) open.Offer(n / 2, n % 2);
            for (int n = 0; n < 200; n++) Assert.True(open.Buffer.Count <= 20);
            foreach (int n in NumbersIn(open.Buffer)) hits[n]++;
        }

        // Ten of a hundred of each of two classes.
        double expected = Runs * 20.0 / 100, variance = 2 * Runs * 0.1 * 0.9;
        Assert.InRange(hits.Sum(h => (h - expected) * (h - expected) / variance), 100 - 4 * 14.1, 100 + 4 * 14.1);
    }

    [Fact]
    public void Drawing_gives_different_samples_each_as_often_as_any_other()
    {
        using var open = new OpenBuffer(20);
        for (int n = 0; n < 20; n++) open.Offer(n, n % 4);
        int[] hits = new int[20];
        float[] inputs = new float[8 * Width];
        int[] labels = new int[8];
        for (ulong key = 0; key < 3000; key++)
        {
            Assert.Equal(8, open.Buffer.Draw(8, Noise.Derive(3, key), inputs, MemoryMarshal.Cast<int, float>(labels.AsSpan())));
            int[] numbers = Enumerable.Range(0, 8).Select(i => (int)inputs[i * Width]).ToArray();
            Assert.Equal(8, numbers.Distinct().Count());
            for (int i = 0; i < 8; i++) Assert.Equal(numbers[i] % 4, labels[i]);
            foreach (int n in numbers) hits[n]++;
        }

        Assert.InRange(hits.Sum(h => (h - 1200.0) * (h - 1200) / (3000 * 0.4 * 0.6)), 19 - 4 * 6.2, 19 + 4 * 6.2);
        Assert.Equal(20, open.Buffer.Draw(50, 1, new float[50 * Width], new float[50]));
    }

    [Fact]
    public void Bytes_stay_bytes_and_come_back_prepared()
    {
        using var file = new ArrayFile(new ByteSource(new byte[] { 0, 128, 255, 7, 8, 9 }, "images"),
            new ArrayHeader(StoredNumber.UInt8, false, 2, Shape.Vector(3), 2, 0));
        using var data = new ArrayDataset(file, new LabelList([0, 1]), 4);
        using var open = new OpenBuffer(5, data: data, preparation: new Preparation([1], [0.5f]));
        Assert.Equal((3 + 4, 5), (open.Buffer.RowBytes, open.Buffer.Capacity));
        open.Buffer.Offer([0, 128, 255], [BitConverter.Int32BitsToSingle(3)]);
        float[] inputs = new float[3];
        int[] labels = new int[1];
        open.Buffer.Draw(1, 0, inputs, MemoryMarshal.Cast<int, float>(labels.AsSpan()));
        Assert.Equal([-0.5f, 63.5f, 127], inputs);
        Assert.Equal(3, labels[0]);
    }

    [Fact]
    public void Rounded_samples_are_right_to_half_a_code_of_their_largest_value()
    {
        var preparation = new Preparation([1, 2, 3], [0.1f, 1, 10]);
        using var open = new OpenBuffer(4, storage: ReplayStorage.Int8, preparation: preparation);
        Assert.Equal(3 + 4 + 4, open.Buffer.RowBytes);
        float[] raw = [40, -7, 2.9f];
        open.Buffer.Offer(raw, [BitConverter.Int32BitsToSingle(2)]);
        float[] inputs = new float[3];
        open.Buffer.Draw(1, 0, inputs, new float[1]);
        preparation.Apply(raw, 3);
        float half = 9f / 127 / 2;
        for (int i = 0; i < 3; i++) Assert.InRange(inputs[i] - raw[i], -half * 1.0001f, half * 1.0001f);
    }

    [Fact]
    public void The_same_seed_keeps_the_same_samples_and_another_seed_others()
    {
        int[] Kept(ulong seed)
        {
            using var open = new OpenBuffer(10, seed: seed);
            for (int n = 0; n < 200; n++) open.Offer(n);
            return NumbersIn(open.Buffer);
        }

        Assert.Equal(Kept(4), Kept(4));
        Assert.NotEqual(Kept(4), Kept(5));
    }

    [Fact]
    public void A_budget_below_one_sample_is_refused_and_says_what_one_takes()
        => Assert.Contains("one sample takes 16 bytes", Assert.Throws<EdgeLearnException>(() => new OpenBuffer(0)).Message,
            StringComparison.Ordinal);
}
