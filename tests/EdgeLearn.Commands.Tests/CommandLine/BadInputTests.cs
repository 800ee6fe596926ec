using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Mistakes of the user: one line that says what to do, exit code 1, nothing on standard output, nothing overwritten.</summary>
public sealed class BadInputTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly string _data;

    public BadInputTests() => _data = ThreePlaces.Write(_folder);

    public void Dispose() => _folder.Dispose();

    static string ErrorOf(Invoked run)
    {
        Assert.Equal(1, run.ExitCode);
        Assert.Empty(run.Output);
        string[] lines = [.. run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("memory planned", StringComparison.Ordinal))];
        string line = Assert.Single(lines);
        Assert.StartsWith("error: ", line);
        return line;
    }

    string ErrorOf(params string[] arguments)
        => ErrorOf(Invoked.Run([.. arguments.Select(argument => argument.Replace("DATA", _data).Replace("FOLDER", _folder.Path))]));

    [Theory]
    [InlineData("",
        "no command given: expected train, evaluate, predict, stream, fewshot, data, plan, info, model, selftest, bench; see "
        + "'edgelearn-device --help'")]
    [InlineData("trian --data DATA", "unknown command 'trian': did you mean train?")]
    [InlineData("cook", "unknown command 'cook': expected train, evaluate, predict, stream, fewshot, data, plan, info, model, selftest")]
    [InlineData("train", "'--data' is required; see 'edgelearn-device train --help'")]
    [InlineData("train --data DATA --rule magic", "unknown rule 'magic': expected tpsgd, zo, elastic-zo, backprop, frozen")]
    [InlineData("train --data DATA --update magic", "unknown update 'magic': expected sgd, signsgd, signum, adam, frugal")]
    [InlineData("train --data DATA --lr nan", "--lr nan: expected a number above 0")]
    [InlineData("train --data DATA --lr fast", "--lr fast: expected a number above 0")]
    [InlineData("train --data DATA --lr -1", "--lr -1: expected a number above 0")]
    [InlineData("train --data DATA --batch 0", "--batch 0: expected a whole number from 1 to 2147483647")]
    [InlineData("train --data DATA --batch 1.5", "--batch 1.5: expected a whole number")]
    [InlineData("train --data DATA --batch 99999999999", "--batch 99999999999: expected a whole number from 1 to 2147483647")]
    [InlineData("train --data DATA --batch", "--batch")]
    [InlineData("train --data DATA --epochs 0", "--epochs 0: expected a whole number from 1")]
    [InlineData("train --data DATA --epochs 2 --steps 5", "give one of them")]
    [InlineData("train --data DATA --update sgd --momentum 1", "--momentum 1: expected a number from 0 to below 1")]
    [InlineData("train --data DATA --schedule sometimes", "--schedule sometimes: expected constant, linear, cosine")]
    [InlineData("train --data DATA --ruel zo", "unknown option '--ruel': did you mean --rule?")]
    [InlineData("train --data DATA surplus", "unknown argument 'surplus'")]
    [InlineData("train --data DATA --network 64--3", "layer 1 is '', expected a number of units of 1 or more")]
    [InlineData("train --data DATA --network 784-3", "its input has 784 values, the data's samples have 64 (8x8)")]
    [InlineData("train --data DATA --network 64-2", "3 classes, the network has 2 outputs: end it with 3")]
    [InlineData("train --data DATA --network 64-10@9x9-3", "windows larger than its 8x8 image")]
    [InlineData("train --data DATA --network 64-999999999-3", "999999999")]
    [InlineData("train --data DATA --network FOLDER/none.safetensors", "there is no such file")]
    [InlineData("train --data DATA --rule elastic-zo --network 64-3", "use backprop or zo instead")]
    [InlineData("train --data FOLDER/nothing", "there is no file or folder")]
    [InlineData("train --data FOLDER", "no train*images* and train*labels*")]
    [InlineData("train --data DATA --loss hinge", "unknown loss 'hinge': expected cross-entropy")]
    [InlineData("train --data DATA --save FOLDER", "is a folder")]
    [InlineData("train --data DATA --save FOLDER/none/model", "there is no folder")]
    [InlineData("train --data DATA --save /dev/full", "is a device")]
    [InlineData("train --data DATA --resume", "--resume needs --checkpoint DIR")]
    [InlineData("train --data DATA --checkpoint-interval -1", "--checkpoint-interval -1: expected seconds")]
    [InlineData("train --data DATA --memory-limit lots", "--memory-limit lots: expected a number of bytes")]
    [InlineData("train --data DATA --lr 1e30", "try a lower rate than --lr 1E+30")]
    [InlineData("train --data DATA --update frugal --rho 2", "--rho 2: expected a number from 0 to 1")]
    [InlineData("train --data DATA --update adam --rho 0.5", "--rho belongs to frugal, this run has tpsgd with adam: leave it out")]
    [InlineData("train --data DATA --rule backprop --directions 2", "--directions belongs to zo, elastic-zo, this run has backprop")]
    [InlineData("plan --network 8-3 --layer-by-layer --rule zo", "--layer-by-layer belongs to tpsgd, local-heads")]
    [InlineData("train --help magic", "--help magic: expected all, data, run, network, ")]
    [InlineData("evaluate --data DATA", "'--model' is required")]
    [InlineData("evaluate --data DATA --model FOLDER/none", "cannot read")]
    [InlineData("evaluate --data DATA --model DATA/train-labels-idx1-ubyte", "header")]
    [InlineData("plan", "nothing to plan")]
    [InlineData("plan --network 28x28-10@10x10-0", "expected a number of units of 1 or more")]
    [InlineData("plan --input-shape 28by28", "--input-shape 28by28: expected a shape")]
    [InlineData("info --model FOLDER/none", "cannot read")]
    public void One_line_says_what_was_expected(string arguments, string expected)
    => Assert.Contains(expected, ErrorOf(arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)));

    [Fact]
    public void A_memory_limit_that_is_too_small_says_what_fits()
    {
        string line = ErrorOf("train", "--data", "DATA", "--network", "8x8-200@4x4-3", "--update", "sgd", "--memory-limit", "80k");
        Assert.Matches(@"needs [\d,]+ bytes, more than --memory-limit 80,000.*; --batch \d+ needs [\d,]+ and would fit$", line);
        string batch = line.Split("--batch ")[1].Split(' ')[0];
        var fitting =
            Invoked.Run("train", "--data", _data, "--network", "8x8-200@4x4-3", "--update", "sgd", "--memory-limit", "80k", "--batch",
            batch, "--steps", "1", "--json").Json();
        Assert.InRange(fitting.Number("workspace_bytes") + fitting.Number("parameter_bytes"), 1, 80_000);
        int next = int.Parse(batch, System.Globalization.CultureInfo.InvariantCulture) + 1;
        ErrorOf("train", "--data", "DATA", "--network", "8x8-200@4x4-3", "--update", "sgd", "--memory-limit", "80k", "--batch", $"{next}");
    }

    [Fact]
    public void A_read_only_model_is_refused_before_the_run_and_left_alone()
    {
        string model = _folder.Write("model.safetensors", [1, 2, 3]);
        File.SetAttributes(model, FileAttributes.ReadOnly);
        Assert.Contains("is read-only", ErrorOf("train", "--data", "DATA", "--save", model));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(model));
    }

    [Fact]
    public void A_full_disk_leaves_the_old_model()
    {
        string model = _folder.Write("model.safetensors", [1, 2, 3]);
        // What is written beside the model goes to a device that is always full.
        string beside = $"{model}.{Environment.ProcessId}.{Environment.CurrentManagedThreadId}.new";
        File.CreateSymbolicLink(beside, "/dev/full");
        Assert.Contains("cannot be written: No space left on device", ErrorOf("train", "--data", "DATA", "--steps", "1", "--save", model));
        Assert.Equal([1, 2, 3], File.ReadAllBytes(model));
        Assert.Equal(["model.safetensors"], Directory.GetFiles(_folder.Path).Select(Path.GetFileName));
    }

    [Fact]
    public void A_diverged_run_leaves_the_old_model()
    {
        string model = _folder.Write("model.safetensors", [1, 2, 3]);
        string line = ErrorOf("train", "--data", "DATA", "--lr", "1e30", "--epochs", "4", "--save", model);
        Assert.Matches(@"tpsgd: the loss was \S+ at step \d+ of 20: .*$", line);
        Assert.Equal([1, 2, 3], File.ReadAllBytes(model));
    }

    [Fact]
    public void Help_goes_to_standard_output_and_has_examples()
    {
        foreach (string command in new[] { "train", "evaluate", "plan", "info", "selftest" })
        {
            var run = Invoked.Run(command, "--help");
            Assert.Equal((0, ""), (run.ExitCode, run.Error));
            Assert.Contains($"Examples:\n  edgelearn-device {command}", run.Output);
        }
    }
}
