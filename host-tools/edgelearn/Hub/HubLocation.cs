using System.CommandLine;
using EdgeLearn.Commands;
using EdgeLearn.Hub;

namespace EdgeLearn.Cli;

/// <summary>
/// The options by which a command of the operator finds its hub: the folder with the operator's certificate, and the address to dial.
/// </summary>
sealed class HubLocation
{
    readonly Option<string?> _folder = FolderOption("the hub's folder, or the operator's folder that was moved out of it");
    readonly Option<string?> _hub =
        OptionText.Text("--hub", "ADDRESS", "what to dial, https://host:port (default: what 'serve' has noted in the folder)");

    public HubLocation(Command command)
    {
        command.Options.Add(_folder);
        command.Options.Add(_hub);
    }

    /// <summary>The option that names the hub's folder.</summary>
    public static Option<string?> FolderOption(string description) =>
        OptionText.Text("--folder", "DIR", $"{description} (default $EDGELEARN_FOLDER, else ~/.local/share/edgelearn/hub)");

    /// <summary>The folder that an option names, or the usual one.</summary>
    /// <exception cref="EdgeLearnException">There is none named and no home to have one in.</exception>
    public static string Folder(string? named)
    {
        if (!string.IsNullOrEmpty(named)) return Path.GetFullPath(named);
        string? variable = Environment.GetEnvironmentVariable("EDGELEARN_FOLDER");
        if (!string.IsNullOrEmpty(variable)) return Path.GetFullPath(variable);
        string data =
            Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        if (data.Length == 0)
        {
            throw new EdgeLearnException("there is no home folder to keep the hub in: name a folder with --folder, or set "
                + "EDGELEARN_FOLDER");
        }
        return Path.Combine(data, "edgelearn", "hub");
    }

    /// <summary>A client with the operator's rights; it dials at its first call. The caller disposes it.</summary>
    /// <exception cref="EdgeLearnException">No operator's folder there, or the address is none.</exception>
    public OperatorClient Open(ParseResult parsed)
        => OperatorClient.Connect(OperatorFolder(parsed), Address("--hub", parsed.GetValue(_hub)));

    /// <summary>The operator's folder: the named one, or the one inside the hub's.</summary>
    public string OperatorFolder(ParseResult parsed)
    {
        string folder = Folder(parsed.GetValue(_folder));
        if (File.Exists(Path.Combine(folder, "operator.crt"))) return folder;
        string inside = Path.Combine(folder, "operator");
        if (Directory.Exists(inside)) return inside;
        throw new EdgeLearnException($"there is no hub in {folder}: start one with 'edgelearn serve', or name its folder with --folder");
    }

    /// <summary>An address in the form that is dialled; null stays null.</summary>
    /// <exception cref="EdgeLearnException">It is none.</exception>
    public static string? Address(string option, string? text)
    {
        if (text is null) return null;
        string whole = text.Contains("://", StringComparison.Ordinal) ? text : "https://" + text;
        bool isAddress = Uri.TryCreate(whole, UriKind.Absolute, out var uri) && uri.Scheme == Uri.UriSchemeHttps && uri.Host.Length > 0
            && uri.PathAndQuery == "/";
        return isAddress
            ? $"https://{uri!.Authority}"
            : throw new EdgeLearnException($"{option} {text}: expected an address such as https://hub.example:7443");
    }
}
