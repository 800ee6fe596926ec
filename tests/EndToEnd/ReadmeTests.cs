using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Runs the commands that README.md shows, in order, as a reader would.</summary>
public sealed class ReadmeTests
{
    [Fact]
    public void Every_example_of_the_readme_runs()
    {
        string folder = Directory.CreateTempSubdirectory("edgelearn-readme-").FullName;
        try
        {
            var commands = Examples().ToList();
            Assert.True(commands.Count >= 5, "README.md shows no examples");
            foreach (string command in commands)
            {
                string[] words = command.Split(' ');
                Assert.Equal("./edgelearn", words[0]);
                // The programs as the launcher built them; the working folder is the reader's.
                string[] arguments = [
                    .. words[1..].Select(word => word.EndsWith(".safetensors", StringComparison.Ordinal)
                        ? Path.Combine(folder, word)
                        : word)];
                var run = Repository.Run(Programs.Cli[0], new Dictionary<string, string?> { ["EDGELEARN_ROOT"] = Repository.Root },
                    [.. Programs.Cli[1..], .. arguments]);
                Assert.True(run.ExitCode == 0, $"{command}: exit code {run.ExitCode}: {run.Error}");
                Assert.NotEmpty(run.Output);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    // The lines of the bash blocks; the demo and the whole check have tests of their own.
    static IEnumerable<string> Examples()
    {
        bool inside = false;
        foreach (string line in File.ReadLines(Repository.PathOf("README.md")))
        {
            if (line.StartsWith("```", StringComparison.Ordinal)) inside = line == "```bash";
            else if (inside) yield return line;
        }
    }
}
