using System.CommandLine;
using EdgeLearn.Cli;
using EdgeLearn.Commands;

var root = new RootCommand("EdgeLearn: keep learning on the board, together over a fleet. Every command: --help with examples, --json for one JSON object.");
root.Subcommands.Add(DemoCommand.Create());
root.Subcommands.Add(ResultsCommand.Create());
return await CommandProgram.RunAsync(root, "edgelearn", args);
