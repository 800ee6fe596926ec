using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace EdgeLearn.Commands;

/// <summary>A command whose help ends with examples, and shows many options in groups.</summary>
/// <param name="name">word on the command line</param>
/// <param name="description">one line</param>
/// <param name="examples">what follows the command, one example each</param>
sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    readonly List<(string Group, Option Option)> _groups = [];

    /// <summary>One element a line of the help.</summary>
    public IReadOnlyList<string> Examples => examples;

    /// <summary>The groups that the plain help leaves out, in the order of their first options.</summary>
    public IEnumerable<string> Groups => _groups.Select(entry => entry.Group).Where(group => group.Length > 0).Distinct();

    /// <summary>Gives the command options that its help shows in a group.</summary>
    /// <param name="group">its word; "" = what people use first</param>
    /// <param name="options">each may be in several groups</param>
    public void Add(string group, params ReadOnlySpan<Option> options)
    {
        foreach (var option in options)
        {
            if (!Options.Contains(option)) Options.Add(option);
            _groups.Add((group, option));
        }
    }

    /// <summary>Hides the options of all other groups.</summary>
    /// <param name="group">null = the first; "all" = none is hidden</param>
    /// <exception cref="EdgeLearnException">There is no such group.</exception>
    public void Show(string? group)
    {
        if (group is not null && group != "all" && !Groups.Contains(group))
            throw new EdgeLearnException($"--help {group}: expected all, {string.Join(", ", Groups)}");
        foreach (var (_, option) in _groups)
            option.Hidden = group != "all" && !_groups.Exists(entry => entry.Option == option && entry.Group == (group ?? ""));
    }
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
        var command = parseResult.CommandResult.Command as ExampleCommand;
        string? group = command?.Groups.Any() == true && parseResult.UnmatchedTokens is [var word, ..] ? word : null;
        command?.Show(group);
        int code = help.Invoke(parseResult);
        if (command is null) return code;
        var output = parseResult.InvocationConfiguration.Output;
        string path = string.Join(' ', CommandProgram.PathTo(command, program));
        if (group is null && command.Groups.Any())
            output.WriteLine($"More options: {path} --help all, or one of {string.Join(", ", command.Groups)}\n");
        if (group is not null || command.Examples.Count == 0) return code;
        output.WriteLine("Examples:");
        foreach (string example in command.Examples) output.WriteLine($"  {path} {example}".TrimEnd());
        output.WriteLine();
        return code;
    }
}
