using Xunit;

namespace EdgeLearn.Tests;

public class ShortBatchTests
{
    [Theory]
    [InlineData("9x3-gru4:sequence-lstm4-2")]
    [InlineData("9x3-rnn4-2")]
    public void The_last_batch_of_an_epoch_may_be_of_any_size(string network)
    {
        for (int count = 33; count < 64; count++)
        {
            var data = new MemoryDataset([.. Enumerable.Range(0, count * 27).Select(i => i % 7 * 0.1f)],
                [.. Enumerable.Range(0, count).Select(i => i % 2)], new Shape(9, 3));
            foreach (string rule in (string[])["backprop", "tpsgd"])
            {
                using var net = new Network(NetworkSpec.Parse(network, null, Loss.SoftmaxCrossEntropy)).Initialise(1);
                using var session = new TrainingSession(net,
                    new TrainingSettings { Rule = LearningRules.Named(rule), Epochs = 1, Batch = 32 }, data,
                    Preparation.Identity);
                while (!session.IsDone) Assert.False(session.Step().Diverged);
            }
        }
    }
}
