using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Results;

return await CommandProgram.RunAsync(new RootCommand("What EdgeLearn learns, beside its controls.") { ResultsCommand.Create() },
    "edgelearn", args);
