using EdgeLearn.Protocol;

namespace EdgeLearn.Tests;

/// <summary>Settings of a task by name, as a hub sends them.</summary>
static class TaskSettings
{
    public static void Set(this RoundTraining training, string name, string value)
        => training.Settings.Add(new RoundTraining.Types.Setting { Name = name, Value = value });
}
