using EdgeLearn.Results;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class ResultRunTests : IDisposable
{
    readonly TemporaryFolder _folder = new();
    readonly List<string> _lines = [];
    int _ran;

    public void Dispose() => _folder.Dispose();

    ResultJob Job(string name, string settings = "", string? failure = null) => new("row", name, settings, 1, _ =>
    {
        Interlocked.Increment(ref _ran);
        return failure is null ? new Dictionary<string, double> { ["accuracy"] = name.Length } : throw new EdgeLearnException(failure);
    });

    IReadOnlyDictionary<string, ResultEntry> Run(bool resumes, params ResultJob[] jobs) => Run(resumes, CancellationToken.None, jobs);

    IReadOnlyDictionary<string, ResultEntry> Run(bool resumes, CancellationToken stop, params ResultJob[] jobs)
    {
        using var store = new ResultStore(_folder["store.jsonl"]);
        return new ResultRun(store, _lines.Add).Run(jobs, resumes, stop);
    }

    [Fact]
    public void A_job_that_ended_is_not_run_again_unless_it_changed()
    {
        Run(false, Job("a"), Job("bb"));
        Assert.Equal(2, _ran);
        var entries = Run(true, Job("a"), Job("bb"), Job("ccc"));
        Assert.Equal((3, 3), (_ran, entries.Count));
        Assert.Equal([1.0, 2, 3], entries.Values.Select(entry => entry.Values["accuracy"]).Order());
        Run(true, Job("a", settings: "another rate"));
        Assert.Equal(4, _ran);
        Run(false, Job("a"));
        Assert.Equal(5, _ran);
    }

    [Fact]
    public void A_job_that_fails_is_an_outcome_and_stops_no_other()
    {
        var jobs = new[] { Job("a", failure: "it ran away"), Job("bb") };
        var entries = Run(false, jobs);
        Assert.Equal("it ran away", entries[ResultRun.Key(jobs[0])].Failure);
        Assert.Equal(2, entries[ResultRun.Key(jobs[1])].Values["accuracy"]);
    }

    [Fact]
    public void What_ended_before_it_was_stopped_is_kept()
    {
        using var source = new CancellationTokenSource();
        var last = new ResultJob("row", "long", "", 0, stop =>
        {
            source.Cancel();
            stop.ThrowIfCancellationRequested();
            return new Dictionary<string, double>();
        });
        Assert.ThrowsAny<OperationCanceledException>(() => Run(false, source.Token, Job("a"), last));
        int before = _ran;
        Run(true, Job("a"));
        Assert.Equal(before, _ran);
    }

    [Fact]
    public void Every_job_is_a_line_with_the_time_left()
    {
        Run(false, Job("a"), Job("bb"));
        Assert.Equal(2, _lines.Count);
        Assert.All(_lines, line => Assert.Matches(@"^[12]/2  row  (a|bb)  \d+\.\d s  accuracy [12]\.0000  \d+:\d\d left$", line));
    }
}
