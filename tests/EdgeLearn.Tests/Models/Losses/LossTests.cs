using Xunit;

namespace EdgeLearn.Tests;

public class LossTests
{
    static readonly string[] s_losses =
    [
        "cross-entropy", "cross-entropy:smooth0.2", "cross-entropy:weights1,0.5,3,0,2,1,1",
            "cross-entropy:smooth0.3:weights1,0.5,3,0,2,1,1",
        "binary-cross-entropy:multilabel", "mean-square", "huber:0.5",
    ];

    public static TheoryData<string> Losses => [.. s_losses];

    static Batch Rows(Loss loss, int rows, int width, int salt)
    {
        float[] targets = Values.Random(rows * width, salt);
        if (loss is BinaryCrossEntropyLoss) targets = [.. targets.Select(value => value > 0 ? 1f : 0f)];
        return loss.IsClassification ? new Batch(rows, [], Values.Labels(rows, loss.ClassesOf(width), salt)) : new Batch(rows, [], targets);
    }

    // The formulas in double, one row at a time.
    static double Mean(string name, double[] z, int rows, in Batch batch)
    {
        int width = z.Length / rows;
        double sum = 0;
        for (int b = 0; b < rows; b++)
        {
            var row = z.AsSpan(b * width, width);
            double all = 0;
            foreach (double value in row) all += Math.Exp(value);
            for (int c = 0; c < width; c++)
            {
                double entropy = Math.Log(all) - row[c];
                double[] weights = name.Contains("weights", StringComparison.Ordinal) ? [1, 0.5, 3, 0, 2, 1, 1] : [1, 1, 1, 1, 1, 1, 1];
                double smoothing = name.Contains("smooth0.2", StringComparison.Ordinal)
                    ? (double)0.2f
                    : name.Contains("smooth0.3", StringComparison.Ordinal) ? (double)0.3f : 0;
                double target = batch.Targets.Length > 0 ? batch.Targets[b * width + c] : 0, d = row[c] - target;
                if (name.StartsWith("cross", StringComparison.Ordinal))
                    sum += weights[c] * entropy * (smoothing / width + (batch.Labels[b] == c ? 1 - smoothing : 0));
                else if (name.StartsWith("binary", StringComparison.Ordinal))
                    sum += (Math.Log(1 + Math.Exp(row[c])) - target * row[c]) / width;
                else if (name.StartsWith("mean", StringComparison.Ordinal)) sum += d * d / 2 / width;
                else sum += (Math.Abs(d) <= 0.5 ? d * d / 2 : 0.5 * (Math.Abs(d) - 0.25)) / width;
            }
        }

        return sum / rows;
    }

    [Theory]
    [MemberData(nameof(Losses))]
    public void The_gradient_equals_central_differences_in_double(string name)
    {
        const int Count = 5, Width = 7;
        var loss = Loss.Named(name);
        var batch = Rows(loss, Count, Width, 3);
        float[] z = Values.Random(Count * Width, 4, 3), gradient = [.. z];
        double value = loss.Gradient(batch, gradient) / Count;
        double[] point = [.. z.Select(v => (double)v)], expected = new double[z.Length];
        Assert.Equal(Mean(name, point, Count, batch), value, 1e-6);
        for (int i = 0; i < z.Length; i++)
        {
            double kept = point[i];
            point[i] = kept + 1e-6;
            double plus = Mean(name, point, Count, batch);
            point[i] = kept - 1e-6;
            expected[i] = (plus - Mean(name, point, Count, batch)) / 2e-6;
            point[i] = kept;
        }

        Values.AssertNear(expected, gradient, 1e-6, name);
    }

    [Theory]
    [MemberData(nameof(Losses))]
    [InlineData("binary-cross-entropy")]
    public void Nothing_is_allocated(string name)
    {
        var loss = Loss.Named(name);
        int width = loss.Name == "binary-cross-entropy" ? 1 : 7;
        var batch = Rows(loss, 300, width, 3);
        float[] z = Values.Random(300 * width, 4);
        for (int i = 0; i < 40; i++) loss.Gradient(batch, z);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 40; i++)
        {
            loss.CountCorrect(batch, z);
            loss.Sum(batch, z);
            loss.Gradient(batch, z);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void One_output_with_labels_is_multilabel_with_the_labels_as_numbers()
    {
        const int Count = 600; // more rows than are turned into numbers at once
        float[] z = Values.Random(Count, 1, 5), other = [.. z];
        int[] labels = Values.Labels(Count, 2, 2);
        Batch classes = new(Count, [], labels), real = new(Count, [], [.. labels.Select(label => (float)label)]);
        Loss binary = Loss.Named("binary-cross-entropy"), multilabel = Loss.Named("binary-cross-entropy:multilabel");
        Assert.Equal(labels.Where((label, i) => z[i] > 0 == (label == 1)).Count(), binary.CountCorrect(classes, z));
        Assert.Equal(binary.CountCorrect(classes, z), multilabel.CountCorrect(real, other));
        Assert.Equal(binary.Gradient(classes, z), multilabel.Gradient(real, other), 1e-9);
        Values.AssertSameBits(other, z, "gradient");
    }

    [Fact]
    public void A_multilabel_row_is_right_when_all_its_outputs_are()
    {
        var loss = Loss.Named("binary-cross-entropy:multilabel");
        Assert.Equal(1, loss.CountCorrect(new Batch(3, [], (ReadOnlySpan<float>)[1, 0, 1, 1, 0, 0]), [2, -1, 1, -1, 0.5f, -3]));
    }

    [Fact]
    public void Balanced_weights_give_each_class_the_same_sum_and_a_mean_of_1()
    {
        using var data = new MemoryDataset(new float[10], [0, 0, 0, 0, 0, 0, 2, 2, 2, 3], new Shape(1, 1));
        float[] weights = CrossEntropyLoss.BalancedWeights(data, 5);
        Assert.Equal([10f / 18, 1, 10f / 9, 10f / 3, 1], weights);
        Assert.Equal(10, data.Labels().Sum(label => (double)weights[label]), 1e-5);
    }

    [Theory]
    [InlineData("cross-entropy")]
    [InlineData("cross-entropy:smooth0.1")]
    [InlineData("cross-entropy:smooth0.1:weights0.5,1,2.25")]
    [InlineData("huber:0.01")]
    [InlineData("binary-cross-entropy:multilabel")]
    public void A_model_file_keeps_the_loss_with_its_parameters(string name)
    {
        using var model = new Model(new Network(NetworkSpec.Parse("4-3", null, Loss.Named(name))).Initialise(1), Preparation.Identity);
        using var read = ModelFile.Load(ModelFile.ToArray(model), "test");
        Assert.Equal(name, read.Network.Loss.Name);
        Assert.Equal(model.Network.Loss, read.Network.Loss);
    }

    [Theory]
    [InlineData("entropy", "unknown loss 'entropy'")]
    [InlineData("cross-entropy:hard", "unknown loss")]
    [InlineData("cross-entropy:smooth1", "label smoothing 1: expected a number from 0 to below 1")]
    [InlineData("cross-entropy:smoothNaN", "label smoothing NaN")]
    [InlineData("cross-entropy:smooth", "'' is no number")]
    [InlineData("cross-entropy:weights1,-1", "class weight -1")]
    [InlineData("cross-entropy:weights1,x", "'x' is no number")]
    [InlineData("cross-entropy:weights0,0", "all class weights are 0")]
    [InlineData("mean-square:2", "unknown loss")]
    [InlineData("huber:0", "huber:0: expected a number above 0")]
    [InlineData("huber:-1e400", "expected a number above 0")]
    [InlineData("binary-cross-entropy:many", "unknown loss")]
    public void A_loss_that_makes_no_sense_is_refused_in_one_line(string name, string part)
    {
        string message = Assert.Throws<EdgeLearnException>(() => Loss.Named(name)).Message;
        Assert.Contains(part, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
    }

    [Theory]
    [InlineData("4-3", "cross-entropy:weights1,2", "the loss has 2 class weights, the network has 3 outputs")]
    [InlineData("4-2", "binary-cross-entropy", "with one output, the network has 2: end it with 1")]
    public void A_network_whose_outputs_do_not_suit_the_loss_is_refused(string network, string loss, string part)
        => Assert.Contains(part, Assert.Throws<EdgeLearnException>(() => NetworkSpec.Parse(network, null, Loss.Named(loss))).Message,
            StringComparison.Ordinal);

    static NetworkSpec Ending(int outputs, string loss) => NetworkSpec.Parse($"1-{outputs}", null, Loss.Named(loss));

    [Fact]
    public void Data_that_do_not_suit_the_loss_are_refused()
    {
        using MemoryDataset three = new(new float[3], [0, 1, 2], new Shape(1, 1)),
            beyond = new(new float[2], [0f, 1.5f], new Shape(1, 1), 1);
        Assert.Contains("has 3 classes, binary-cross-entropy takes 2",
            Assert.Throws<EdgeLearnException>(() => Loss.Named("binary-cross-entropy")
            .CheckFit(three, Ending(1, "binary-cross-entropy"))).Message, StringComparison.Ordinal);
        Assert.Contains("a target of row 1 is 1.5",
            Assert.Throws<EdgeLearnException>(() => Loss.Named("binary-cross-entropy:multilabel")
            .CheckFit(beyond, Ending(1, "binary-cross-entropy:multilabel"))).Message, StringComparison.Ordinal);
        Assert.Contains("has 3 classes, the network has 2 outputs",
            Assert.Throws<EdgeLearnException>(() => Loss.SoftmaxCrossEntropy.CheckFit(three, Ending(2, "cross-entropy"))).Message,
            StringComparison.Ordinal);
    }
}
