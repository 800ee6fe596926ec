using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using EdgeLearn.Commands;
using EdgeLearn.Datasets;

namespace EdgeLearn.Results;

/// <summary>
/// <c>edgelearn results</c>: computes every row of docs/results.md with its controls and writes the file and its pictures.
/// </summary>
static class ResultsCommand
{
    static readonly Option<string?> s_output =
        OptionText.Text("--output", "FILE",
        "document to write, pictures beside it in a folder of its name (default: the document goes to standard output)");
    static readonly Option<int?> s_seeds = OptionText.Whole("--seeds", "seeds of every row (default 3, with --quick 1)");
    static readonly Option<string?> s_only =
        OptionText.Text("--only", "NAME", $"rows whose name contains this: {string.Join(", ", ResultRows.All.Select(row => row.Name))}");
    static readonly Option<bool> s_quick =
        OptionText.Flag("--quick",
        "8 minutes on two cores instead of 110: one seed, a third of the epochs, at most 3,000 samples to learn from");
    static readonly Option<bool> s_resume =
        OptionText.Flag("--resume", "take jobs that ended before, under the same settings, data and learning core, from the store");
    static readonly Option<string?> s_store =
        OptionText.Text("--store", "FILE", "where ended jobs are kept, one line of JSON each (default artifacts/results/jobs.jsonl)");

    // What stands behind the rows.
    static readonly (string Heading, string File, MemoryPicture Picture, Func<ResultDocument, List<MemoryPoint>> Points)[] s_pictures =
    [
        ("Accuracy against memory", "memory.svg", new("test accuracy against the memory of training, one chart a row",
            "weights and workspace, bytes", ResultRule.Words) { IsLogarithmic = true }, document => document.Points),
        ("Accuracy against what an update remembers", "updates.svg", new("test accuracy against the bytes that an update and local heads "
            + "remember between steps, one chart a row and rule", "state, bytes", UpdateRow.Words), document => document.StatePoints),
    ];

    /// <summary>The command.</summary>
    public static Command Create()
    {
        var command = new ExampleCommand("results", "Compute every row of docs/results.md beside its controls, over seeds, on all cores.",
            "--output docs/results.md --resume", "--quick --only digits") { s_output, s_seeds, s_only, s_quick, s_resume, s_store };
        command.SetAction((options, stop) => Task.Run(() => Run(options, stop), stop));
        return command;
    }

    static int Run(ParseResult options, CancellationToken stop)
    {
        bool quick = options.GetValue(s_quick);
        int seeds = options.GetValue(s_seeds) ?? (quick ? 1 : 3);
        if (seeds is < 1 or > 100) throw new EdgeLearnException($"--seeds {seeds}: expected 1 to 100");
        string only = options.GetValue(s_only) ?? "";
        ResultRow[] rows = [.. ResultRows.All.Where(row => row.Name.Contains(only, StringComparison.OrdinalIgnoreCase))];
        if (rows.Length == 0)
        {
            throw new EdgeLearnException($"--only {only}: no row has that in its name; the rows "
                + $"are {string.Join(", ", ResultRows.All.Select(row => row.Name))}");
        }
        ThreadTeam.Use(1);
        long begin = Stopwatch.GetTimestamp();
        using var scope = new ResultScope(seeds, quick);
        using var store = new ResultStore(options.GetValue(s_store)
            ?? Path.Combine(RepositoryRoot.Find() ?? Environment.CurrentDirectory, "artifacts", "results", "jobs.jsonl"));
        var jobs = new Dictionary<ResultRow, ResultJob[]>();
        foreach (var row in rows)
        {
            if (JobsOf(row, scope) is { } found) jobs.Add(row, found);
        }

        var entries = new ResultRun(store, Say).Run([.. jobs.Values.SelectMany(row => row)], options.GetValue(s_resume), stop);
        var document = new ResultDocument(Path.GetFileNameWithoutExtension(options.GetValue(s_output)) ?? "results");
        foreach (var row in rows.Where(jobs.ContainsKey))
        {
            document.Begin(row);
            row.Render(scope, new ResultValues(jobs[row].ToDictionary(job => job.Name, job => entries[ResultRun.Key(job)])), document);
        }

        foreach (var (heading, file, picture, points) in s_pictures)
        {
            if (points(document) is not { Count: > 0 } drawn) continue;
            document.Write($"\n## {heading}\n");
            document.Show(file, picture.Title, picture.Draw(drawn));
        }

        Write(options.GetValue(s_output), document, Head(quick, seeds, only));
        double core = entries.Values.Sum(entry => entry.Seconds);
        Say(string.Create(CultureInfo.InvariantCulture,
            $"{Stopwatch.GetElapsedTime(begin).TotalMinutes:F1} minutes; all jobs take {core / 60:F1} minutes of one core"));
        return 0;
    }

    // A row whose data is not here is left out, and said so: the others are worth having.
    static ResultJob[]? JobsOf(ResultRow row, ResultScope scope)
    {
        try
        {
            return [.. row.Jobs(scope)];
        }
        catch (EdgeLearnException e)
        {
            Say($"{row.Name} is left out: {e.Message}");
            return null;
        }
    }

    static string Head(bool quick, int seeds, string only)
    {
        string command = $"./edgelearn "
            + $"results{(quick ? " --quick" : "")}{(only.Length > 0 ? $" --only {only}" : "")}"
            + $"{(seeds == (quick ? 1 : 3) ? "" : string.Create(CultureInfo.InvariantCulture, $" --seeds {seeds}"))}";
        var head = new StringBuilder($"# Results\n\nMade by `{command}`: test accuracy in percent, mean ± standard deviation over seeds, "
            + $"each rule with its own default update and rate and with the same number of epochs. ");
        head.Append("*frozen* leaves the hidden layers as they were drawn: what it reaches proves nothing about hidden learning. *last "
            + "layer only* has no hidden layers. Rows where we lose stay in.\n");
        if (quick)
        {
            head.Append(CultureInfo.InvariantCulture,
                $"\n**A quick run**: a third of the epochs, at most {ResultScope.QuickSamples:N0} samples to learn from, one seed. Good "
                + $"for seeing that it runs, not for figures.\n");
        }
        head.Append("\nData sets that are parts of the published ones (fashion-mnist, cifar10, kws-mfcc; see [data](data.md)) give "
            + "figures that are not comparable with published ones. Networks, epochs and default rates were chosen on samples held back "
            + "from training.\n");
        return head.ToString();
    }

    static void Write(string? path, ResultDocument document, string head)
    {
        if (path is null)
        {
            Console.Write(document.ToString(head));
            return;
        }

        string folder = Path.ChangeExtension(Path.GetFullPath(path), null);
        try
        {
            Directory.CreateDirectory(folder);
            foreach (var (file, svg) in document.Pictures) DurableFile.Replace(Path.Combine(folder, file), Encoding.UTF8.GetBytes(svg));
            DurableFile.Replace(path, Encoding.UTF8.GetBytes(document.ToString(head)));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"cannot write {path}: {e.Message}", e);
        }
    }

    static void Say(string line) => Console.Error.WriteLine(line);
}
