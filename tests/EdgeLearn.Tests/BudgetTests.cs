using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>
/// The deterministic costs of tests/Benchmarks/budgets.json: bytes of a run by network, batch and rule with plain SGD, and state of each
/// update on 784-1000@10x10-10. A change that makes one cheaper lowers the number there; one that makes it dearer needs a reason. Bytes
/// allocated in a step are asserted for every rule and update in Learning/AllocationTests.cs, the size of the binary by ./test.
/// </summary>
public sealed class BudgetTests
{
    static JsonElement Budgets()
    {
        string root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "EdgeLearn.sln")))
            root = Path.GetDirectoryName(root) ?? throw new DirectoryNotFoundException("no EdgeLearn.sln above the tests");
        using var document = JsonDocument.Parse(File.ReadAllText(Path.Combine(root, "tests", "Benchmarks", "budgets.json")));
        return document.RootElement.Clone();
    }

    // As a run takes it without a limit, and the least that would do.
    [Theory]
    [InlineData("total_bytes", null)]
    [InlineData("least_bytes", 0)]
    public void Every_run_stays_within_its_bytes(string budgets, int? limit)
    {
        foreach (var budget in Budgets().GetProperty(budgets).EnumerateObject())
        {
            string[] words = budget.Name.Split(' ');
            var spec = NetworkSpec.Parse(words[0], null, Loss.SoftmaxCrossEntropy);
            var settings = new TrainingSettings { Rule = LearningRules.Named(words[3]) }.With("batch", words[2]);
            if (words.Length > 4) settings = settings.With("local-loss", "l2");
            long actual = TrainingPlan.MemoryOf(spec, settings, limit).TotalBytes;
            Assert.True(actual <= budget.Value.GetInt64(), $"{budget.Name}: {actual:N0} bytes, budget {budget.Value}");
        }
    }

    [Fact]
    public void Every_update_keeps_exactly_its_state()
    {
        var spec = NetworkSpec.Parse("28x28-1000@10x10-10", null, Loss.SoftmaxCrossEntropy);
        foreach (var budget in Budgets().GetProperty("update_state_bytes").EnumerateObject())
        {
            var settings = new TrainingSettings { Rule = new BackpropSettings(), Update = UpdateRules.Named(budget.Name.Split(' ')[0]) };
            if (settings.Update is FrugalSettings) settings = settings.With("rho", "0");
            Assert.Equal(budget.Value.GetInt64(), TrainingPlan.MemoryOf(spec, settings).BytesOf(MemoryCategory.UpdateState));
        }
    }
}
