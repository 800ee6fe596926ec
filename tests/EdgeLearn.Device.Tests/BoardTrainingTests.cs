using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EdgeLearn.Device;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class BoardTrainingTests : IDisposable
{
    const ulong Device = 0x0123456789ABCDEF;

    static readonly DataShare s_share = new() { Part = 2, PartCount = 8, HeldOutFraction = 0.2, Seed = 9 };

    static CancellationToken Stop => TestContext.Current.CancellationToken;

    readonly Digits _digits = new();
    readonly TemporaryFolder _temporary = new();
    readonly byte[] _start;
    readonly BoardTraining _training;

    public BoardTrainingTests()
    {
        _start = _digits.NewModel();
        File.WriteAllBytes(_temporary["base"], _start);
        _training = new BoardTraining(_digits.Train, s_share);
    }

    public void Dispose()
    {
        _temporary.Dispose();
        _digits.Dispose();
    }

    [Fact]
    public void A_float32_update_is_the_weights_that_the_core_trains()
    {
        var task = Digits.Task(Codec.Float32);
        var update = Train(task);
        using var expected = Digits.TrainWithTheCore(_start, task, Device, s_share.Split(_digits.Train).Training);
        Assert.Equal(MemoryMarshal.AsBytes(expected.Network.Parameters.Values).ToArray(), update.Content());
        using var before = ModelFile.Load(_start, "base");
        double sum = 0;
        for (int i = 0; i < before.Network.Parameters.Length; i++)
            sum += Math.Pow(expected.Network.Parameters.Values[i] - before.Network.Parameters.Values[i], 2);
        Assert.Equal(Math.Sqrt(sum), update.Norm, 1e-6);
        Assert.Equal(new UpdateShape(before.Network.Parameters).Hash, update.Shape);
        Assert.Equal((ulong)_training.ExampleCount, update.ExampleCount);
        Assert.True(update.Loss is > 0 and < 2.5);
        Assert.True(update.StepMs > 0 && update.Seconds > 0);
        ModelFile.Save(_temporary["trained"], expected);
        Assert.Equal(_training.Score(_temporary["trained"], Stop).Accuracy, update.Accuracy);
    }

    [Fact]
    public void A_memory_limit_changes_no_bit_of_an_update_and_refuses_what_cannot_fit()
    {
        using var network = new Network(NetworkSpec.Parse("8x8-conv3x3x8:relu-pool2-24:relu-10", null, Loss.SoftmaxCrossEntropy));
        ModelFile.Save(_temporary["base"], new Model(network.Initialise(1), Preparation.Identity));
        var task = Digits.Task(Codec.Float32);
        long least = TrainingPlan.MemoryOf(network.Spec, task.Training.ToSettings(network.Spec, task.Round, Device), 0).TotalBytes;
        byte[] TrainWithin(long? limit)
            => new BoardTraining(_digits.Train, s_share, limit).Train(task, Device, _temporary["base"], Stop).Content();
        Assert.Equal(TrainWithin(null), TrainWithin(least));
        Assert.Contains("more than --memory-limit", Assert.Throws<EdgeLearnException>(() => TrainWithin(least / 2)).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_sign_update_is_the_direction_and_the_mean_size_of_each_tensor_s_change()
    {
        var task = Digits.Task(Codec.SignVote);
        var update = Train(task);
        using var before = ModelFile.Load(_start, "base");
        using var after = Digits.TrainWithTheCore(_start, task, Device, s_share.Split(_digits.Train).Training);
        var slices = before.Network.Parameters.Slices;
        var bits = update.Content().AsSpan(slices.Count * sizeof(float));
        for (int t = 0; t < slices.Count; t++)
        {
            double sum = 0;
            for (int i = slices[t].Offset; i < slices[t].Offset + slices[t].Length; i++)
            {
                float change = after.Network.Parameters.Values[i] - before.Network.Parameters.Values[i];
                sum += Math.Abs((double)change);
                if (change != 0) Assert.Equal(change > 0, (bits[i / 8] >> (i % 8) & 1) == 1);
            }

            Assert.Equal(sum / slices[t].Length, BinaryPrimitives.ReadSingleLittleEndian(update.Content().AsSpan(t * sizeof(float))), 1e-6);
        }
    }

    [Fact]
    public void Zeroth_order_records_rebuild_the_trained_weights_bit_for_bit()
    {
        var task = Digits.Task(Codec.ZerothOrder);
        var update = Train(task);
        byte[] rebuilt = Digits.Aggregate(_start, task, [(Device, update.ExampleCount, update.Content())]);
        using var trained = Digits.TrainWithTheCore(_start, task, Device, s_share.Split(_digits.Train).Training);
        using var result = ModelFile.Load(rebuilt, "result");
        Assert.Equal(trained.Network.Parameters.Values.ToArray(), result.Network.Parameters.Values.ToArray());
        Assert.NotEqual(_start, rebuilt);
        Assert.Equal(8 + (40 * 2 * 12), update.Content().Length);
    }

    // The hub knows neither board nor data: it asks for the usual rate as the board does, and leaves alone what the round freezes.
    [Fact]
    public void A_hub_replays_records_at_the_rate_of_the_boards_and_leaves_frozen_tensors_alone()
    {
        var task = Digits.Task(Codec.ZerothOrder);
        task.Training = RoundTraining.From(new TrainingSettings
        {
            Rule = new ZerothOrderSettings { Noise = NoiseKind.Gaussian },
            Train = TrainableParts.Head,
            Steps = 10,
            Batch = 32
        }, 0.5f);
        var update = Train(task);
        using var hub = new RoundModel(ModelFile.Load(_start, "base"), task.Training);
        new RoundAggregation(task.Round, task.Codec, "", task.Training.Directions)
            .Apply(hub, [new UpdateReport(Device, update.ExampleCount, () => new MemoryStream(update.Content()))]);
        using var trained = Digits.TrainWithTheCore(_start, task, Device, s_share.Split(_digits.Train).Training);
        using var before = ModelFile.Load(_start, "base");
        Assert.Equal(trained.Network.Parameters.Values.ToArray(), hub.Weights.ToArray());
        foreach (var slice in before.Network.Parameters.Slices)
        {
            bool isSame = before.Network.Parameters[slice].SequenceEqual(trained.Network.Parameters[slice]);
            Assert.Equal(!slice.Name.StartsWith("layers.1.", StringComparison.Ordinal), isSame);
        }
    }

    [Fact]
    public void A_round_that_averages_sends_the_averaged_weights()
    {
        var task = Digits.Task(Codec.Float32, change: training => training.Set("average", "ema:0.9"));
        using var model = ModelFile.Load(_start, "base");
        using var session = new TrainingSession(model.Network, task.Training.ToSettings(model.Network.Spec, task.Round, Device),
            s_share.Split(_digits.Train).Training, model.Preparation);
        while (!session.IsDone) session.Step();
        float[] last = model.Network.Parameters.Values.ToArray();
        session.TakeAverage();
        Assert.NotEqual(last, model.Network.Parameters.Values.ToArray());
        Assert.Equal(MemoryMarshal.AsBytes(model.Network.Parameters.Values).ToArray(), Train(task).Content());
    }

    [Theory]
    [InlineData(Codec.Float32)]
    [InlineData(Codec.SignVote)]
    [InlineData(Codec.ZerothOrder)]
    public void The_same_task_gives_the_same_update_and_another_round_another(Codec codec)
    {
        byte[] first = Train(Digits.Task(codec, round: 3)).Content();
        Assert.Equal(first, Train(Digits.Task(codec, round: 3)).Content());
        Assert.NotEqual(first, Train(Digits.Task(codec, round: 4)).Content());
    }

    [Fact]
    public void Two_boards_draw_different_directions()
    {
        Assert.Empty(Seeds(1).Intersect(Seeds(2)));

        ulong[] Seeds(ulong device)
        {
            byte[] content = _training.Train(Digits.Task(Codec.ZerothOrder), device, _temporary["base"], Stop).Content();
            var change = (RecordChange)new ZerothOrderCodec().Decode(new UpdateContext { Device = device, Directions = 2 },
                new MemoryStream(content));
            return [.. change.Records.ToArray().Select(record => record.Seed)];
        }
    }

    [Fact]
    public void The_base_file_is_never_written()
    {
        Train(Digits.Task(Codec.Float32));
        Assert.Equal(_start, File.ReadAllBytes(_temporary["base"]));
    }

    public static TheoryData<string, string> ImpossibleTasks => new()
    {
        { "rule", "unknown rule 'magic'" },
        { "update", "unknown update 'magic'" },
        { "setting", "unknown setting 'magic'" },
        { "setting of another rule", "--head-units belongs to local-heads, this run has tpsgd with sgd" },
        { "version", "in version 2" },
        { "factor", "a rate factor of 0" },
        { "codec", "codec 99" },
        { "batch", "--batch 0" },
        { "epochs", "--epochs 0" },
        { "rate", "--lr NaN" },
        { "no rate", "--lr 0" },
        { "records of tpsgd", "cannot be replayed" },
        { "records of momentum", "cannot be replayed" },
        { "too many records", "more than the" },
        { "runaway", "lower rate" },
    };

    [Theory]
    [MemberData(nameof(ImpossibleTasks))]
    public void A_task_that_cannot_be_done_is_one_clear_line(string what, string expected)
    {
        var task = Digits.Task(what.Contains("records", StringComparison.Ordinal) ? Codec.ZerothOrder : Codec.Float32);
        var training = task.Training;
        if (what == "rule") training.Rule = "magic";
        if (what == "update") training.Update = "magic";
        if (what == "setting") training.Set("magic", "1");
        if (what == "setting of another rule") training.Set("head-units", "8");
        if (what == "version") training.Version++;
        if (what == "factor") training.RateFactor = 0;
        if (what == "codec") task.Codec = (Codec)99;
        if (what == "batch") training.Set("batch", "0");
        if (what == "epochs") training.Set("epochs", "0");
        if (what == "rate") training.Set("lr", "NaN");
        if (what == "no rate") training.Set("lr", "0");
        if (what == "records of tpsgd") training = task.Training = RoundTraining.From(new TrainingSettings());
        if (what == "records of momentum") training.Set("momentum", "0.9");
        if (what == "too many records") training.Set("steps", $"{ZerothOrderCodec.RecordLimit}");
        if (what == "runaway") training.Set("lr", "3e38");
        var e = Assert.Throws<EdgeLearnException>(() => Train(task));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Theory]
    [InlineData("5x5-10", "takes 25 values")]
    [InlineData("8x8-5", "5 outputs")]
    public void A_model_for_other_data_is_one_clear_line(string network, string expected)
    {
        using var model = new Model(new Network(NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy)).Initialise(1),
            Preparation.Identity);
        ModelFile.Save(_temporary["other"], model);
        var scoring = Assert.Throws<EdgeLearnException>(() => _training.Score(_temporary["other"], Stop));
        var training =
            Assert.Throws<EdgeLearnException>(() => _training.Train(Digits.Task(Codec.Float32), Device, _temporary["other"], Stop));
        Assert.Contains(expected, scoring.Message, StringComparison.Ordinal);
        Assert.Equal(scoring.Message, training.Message);
    }

    [Fact]
    public void A_batch_larger_than_the_share_is_the_share()
    {
        var update = Train(Digits.Task(Codec.Float32, change: training => training.Set("batch", "1048576")));
        Assert.Equal((ulong)_training.ExampleCount, update.ExampleCount);
    }

    [Fact]
    public void Few_steps_count_few_examples()
    {
        var update = Train(Digits.Task(Codec.Float32, change: training => training.Set("steps", "3")));
        Assert.Equal(96UL, update.ExampleCount);
    }

    [Fact]
    public void A_stop_ends_training_within_a_step()
    {
        using var stop = new CancellationTokenSource();
        stop.Cancel();
        Assert.Throws<OperationCanceledException>(() =>
            _training.Train(Digits.Task(Codec.Float32), Device, _temporary["base"], stop.Token));
    }

    BoardUpdate Train(TrainTask task) => _training.Train(task, Device, _temporary["base"], Stop);
}
