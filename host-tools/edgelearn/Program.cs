using System.CommandLine;
using EdgeLearn.Cli;
using EdgeLearn.Commands;
using EdgeLearn.Images;

var images = new StbImageDecoder();
var root = new RootCommand("EdgeLearn: boards that keep learning without backprop, alone and as a fleet. Every command has --help with "
    + "examples, and --json.")
{
    DemoCommand.Create(),
    ServeCommand.Create(),
    DeviceCommand.Create(),
    PushCommand.Create(),
    RoundCommand.Create(),
    TelemetryCommand.Create(),
    TrainCommand.Create(images),
    EvaluateCommand.Create(images),
    PredictCommand.Create(images),
    StreamCommand.Create(),
    FewShotCommand.Create(images),
    DataCommand.Create(images),
    PlanCommand.Create(images),
    AboutCommand.Create(),
    ModelCommand.Create(),
    SelfTestCommand.Create(),
    StepBenchCommand.Create(),
    VersionCommand.Create(),
};
return await CommandProgram.RunAsync(root, "edgelearn", args);
