using System.CommandLine;
using EdgeLearn.Benchmarks;
using EdgeLearn.Commands;

return await CommandProgram.RunAsync(new RootCommand("EdgeLearn held against other libraries on this machine.") { BenchCommand.Create() },
    "edgelearn", args);
