using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace EdgeLearn.Results;

/// <summary>Runs jobs on all cores, the costly ones first, stores each as it ends, and says how long the rest will take.</summary>
sealed class ResultRun(ResultStore store, Action<string> say)
{
    readonly Lock _lock = new();
    double _doneCost, _doneSeconds;
    int _doneCount;

    /// <summary>Runs what the store lacks.</summary>
    /// <param name="jobs">of all rows</param>
    /// <param name="resumes">whether stored jobs count</param>
    /// <param name="stop">ends it after the jobs at work have noticed</param>
    /// <returns>the entry of every job by its key</returns>
    public IReadOnlyDictionary<string, ResultEntry> Run(IReadOnlyList<ResultJob> jobs, bool resumes, CancellationToken stop)
    {
        var entries = new Dictionary<string, ResultEntry>();
        var open = new List<ResultJob>();
        foreach (var job in jobs)
        {
            string key = Key(job);
            if (resumes && store.Find(key) is { } known) entries[key] = known;
            else open.Add(job);
        }

        if (entries.Count > 0)
            say(string.Create(CultureInfo.InvariantCulture, $"{entries.Count} of {jobs.Count} jobs are in {store.Path}"));
        open.Sort((a, b) => b.Cost.CompareTo(a.Cost));
        var left = open.ToHashSet(ReferenceEqualityComparer.Instance);
        var options = new ParallelOptions { MaxDegreeOfParallelism = Environment.ProcessorCount, CancellationToken = stop };
        // One job at a time a thread: chunks would leave a core with all the long ones.
        Parallel.ForEach(
            System.Collections.Concurrent.Partitioner.Create(open, System.Collections.Concurrent.EnumerablePartitionerOptions.NoBuffering),
            options, job =>
        {
            var entry = RunJob(job, stop);
            store.Add(entry);
            lock (_lock)
            {
                entries[entry.Key] = entry;
                left.Remove(job);
                _doneCount++;
                _doneCost += job.Cost;
                _doneSeconds += entry.Seconds;
                Report(entry, open.Count, left.Cast<ResultJob>());
            }
        });
        return entries;
    }

    /// <summary>What a job is stored under: changes with its row, name and settings, and with the learning core.</summary>
    public static string Key(ResultJob job)
        => Convert.ToHexStringLower(
            Sha256.Hash(Encoding.UTF8.GetBytes($"{CoreVersion.Digest}\n{job.Row}\n{job.Name}\n{job.Settings}")))[..32];

    static ResultEntry RunJob(ResultJob job, CancellationToken stop)
    {
        long begin = Stopwatch.GetTimestamp();
        IReadOnlyDictionary<string, double> values = new Dictionary<string, double>();
        string? failure = null;
        try
        {
            values = job.Run(stop);
        }
        catch (EdgeLearnException e)
        {
            failure = e.Message;
        }

        return new ResultEntry(job.Row, job.Name, Key(job), Stopwatch.GetElapsedTime(begin).TotalSeconds, values, failure);
    }

    void Report(ResultEntry entry, int count, IEnumerable<ResultJob> left)
    {
        double rate = _doneSeconds / Math.Max(1, _doneCost);
        double seconds = left.Sum(job => store.SecondsOf(job.Row, job.Name) ?? job.Cost * rate) / Environment.ProcessorCount;
        string outcome = entry.Failure
            ?? string.Join(", ",
            entry.Values.Where(value => value.Key.StartsWith("accuracy", StringComparison.Ordinal))
            .Select(value => string.Create(CultureInfo.InvariantCulture, $"{value.Key} {value.Value:F4}")));
        say(string.Create(CultureInfo.InvariantCulture,
            $"{_doneCount}/{count}  {entry.Row}  {entry.Job}  {entry.Seconds:F1} "
            + $"s  {outcome}  {(int)(seconds / 60)}:{(int)seconds % 60:D2} left"));
    }
}

/// <summary>Which learning core is at work, so that results of another one are not taken for its own.</summary>
static class CoreVersion
{
    /// <summary>Digest of the core's assembly, or of the program that it is compiled into.</summary>
    public static string Digest { get; } = Read();

    static string Read()
    {
        string assembly = Path.Combine(AppContext.BaseDirectory, "EdgeLearn.dll");
        string? file = File.Exists(assembly) ? assembly : Environment.ProcessPath;
        return file is null ? "unknown" : GzipFile.Digest(file)[..16];
    }
}
