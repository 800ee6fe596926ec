using System.CommandLine;
using EdgeLearn.Agent;
using EdgeLearn.Commands;

var root = new RootCommand("EdgeLearn on a board: learns on the device without backprop, and joins a fleet.")
{
    TrainCommand.Create(),
    EvaluateCommand.Create(),
    PredictCommand.Create(),
    StreamCommand.Create(),
    FewShotCommand.Create(),
    DataCommand.Create(),
    PlanCommand.Create(),
    AboutCommand.Create(),
    ModelCommand.Create(),
    SelfTestCommand.Create(),
    StepBenchCommand.Create(),
    RunCommand.Create(),
};
return await CommandProgram.RunAsync(root, "edgelearn-device", args);
