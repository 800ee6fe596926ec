using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EdgeLearn.Commands;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">word on the command line</param>
/// <param name="description">one line</param>
/// <param name="examples">what follows the command, one example each</param>
sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>One element a line of the help.</summary>
    public IReadOnlyList<string> Examples => examples;
}

/// <summary>Prints the usual help, then the examples of the command.</summary>
sealed class ExampleHelp(HelpAction help, string program) : SynchronousCommandLineAction
{
    /// <summary>Takes the place of a program's help.</summary>
    public static void Install(RootCommand root, string program)
    {
        foreach (var option in root.Options)
        {
            if (option is HelpOption { Action: HelpAction help } found) found.Action = new ExampleHelp(help, program);
        }
    }

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        int code = help.Invoke(parseResult);
        if (parseResult.CommandResult.Command is not ExampleCommand { Examples.Count: > 0 } command) return code;
        var output = parseResult.InvocationConfiguration.Output;
        output.WriteLine("Examples:");
        string path = string.Join(' ', CommandProgram.PathTo(command, program));
        foreach (string example in command.Examples) output.WriteLine($"  {path} {example}".TrimEnd());
        output.WriteLine();
        return code;
    }
}
