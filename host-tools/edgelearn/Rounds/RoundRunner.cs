using System.Diagnostics;
using EdgeLearn.Commands;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Grpc.Core;

namespace EdgeLearn.Cli;

/// <summary>
/// Runs and follows rounds at a hub. Rounds belong to the hub: one that restarts goes on with them, so a connection that breaks is made
/// again for a while before it is an error.
/// </summary>
/// <param name="client">not owned</param>
/// <param name="progress">told how rounds go</param>
sealed class RoundRunner(OperatorClient client, RoundProgress progress)
{
    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    bool _reached;

    /// <summary>
    /// Runs the rounds of a plan and returns how each ended. A round that is abandoned is a result; the next starts from the same model.
    /// </summary>
    /// <exception cref="CommandStoppedException">Stopped by the user; a round that is open goes on at the hub.</exception>
    /// <exception cref="EdgeLearnException">The hub refuses a round, or stays away.</exception>
    public async Task<IReadOnlyList<RoundResult>> RunAsync(RoundPlan plan, CancellationToken stop)
    {
        var rounds = new List<RoundResult>();
        for (int i = 0; i < plan.Count; i++)
        {
            // The same request again returns the round that it opened: asking twice cannot open two.
            var request = plan.Request(i);
            request.RequestId = Guid.NewGuid().ToString("N");
            var opened = await RetryAsync(() => client.RunRoundAsync(request, stop), stop);
            progress.Report(i, opened);
            try
            {
                rounds.Add(RoundResult.Of(await FollowAsync(i, opened.Round, stop)));
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                throw new CommandStoppedException($"round {opened.Round} goes on at the hub: 'edgelearn round watch {opened.Round}' "
                    + $"shows it", stop);
            }
        }

        return rounds;
    }

    /// <summary>Follows one round to its end.</summary>
    /// <param name="round">its number; 0 = the newest</param>
    /// <param name="stop">gives up following</param>
    /// <exception cref="EdgeLearnException">There is no such round, or the hub stays away.</exception>
    public async Task<RoundResult> WatchAsync(ulong round, CancellationToken stop)
    {
        var view = await RetryAsync(() => client.GetRoundAsync(round, stop), stop);
        return RoundResult.Of(view.IsOver ? view : await FollowAsync(0, view.Round, stop));
    }

    Task<RoundView> FollowAsync(int index, ulong round, CancellationToken stop) => RetryAsync(
        async () =>
        {
            await foreach (var view in client.WatchRoundAsync(round, stop))
            {
                progress.Report(index, view);
                if (view.IsOver) return view;
            }

            throw new EdgeLearnException($"the hub at {client.Address} has stopped",
                new RpcException(new Status(StatusCode.Unavailable, "the stream has ended")));
        },
        stop);

    async Task<T> RetryAsync<T>(Func<Task<T>> call, CancellationToken stop)
    {
        long awaySince = 0;
        while (true)
        {
            long started = Stopwatch.GetTimestamp();
            try
            {
                var answer = await call();
                _reached = true;
                return answer;
            }
            catch (EdgeLearnException e) when (_reached && IsAway(e))
            {
                // Whatever held for longer than a pause was a connection: patience begins anew when it breaks.
                if (awaySince == 0 || Stopwatch.GetElapsedTime(started) > s_pause) awaySince = Stopwatch.GetTimestamp();
                if (Stopwatch.GetElapsedTime(awaySince) > s_patience) throw;
                progress.Wait(e.Message);
                await Task.Delay(s_pause, stop);
            }
        }
    }

    static bool IsAway(EdgeLearnException e)
        => e.InnerException is RpcException { StatusCode: StatusCode.Unavailable or StatusCode.Cancelled or StatusCode.DeadlineExceeded };
}
