using System.Diagnostics;
using System.Security.Cryptography;
using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Device;

/// <summary>
/// The agent's loop: enrol if needed, check in, do what is told (use another model, train in a round), come back when told. A hub that is
/// away is waited for; a kill at any moment loses nothing that was acknowledged and counts nothing twice.
/// </summary>
public sealed class DeviceAgent
{
    // Outside rounds the hub hears of the board's readings this often.
    static readonly TimeSpan s_readings = TimeSpan.FromMinutes(1);

    readonly AgentSession _session;
    readonly ModelSwitch _models;
    readonly RoundWorker _rounds;
    readonly List<Telemetry> _telemetry = [];
    long _lastReadings = Stopwatch.GetTimestamp();

    DeviceAgent(AgentSession session)
    {
        _session = session;
        _models = new ModelSwitch(session);
        _rounds = new RoundWorker(session);
    }

    /// <summary>Runs until it is stopped, or until what the options say is done.</summary>
    /// <param name="options">Folder, token, data...</param>
    /// <param name="stop">Ends the run cleanly: connect it to SIGTERM and SIGINT.</param>
    /// <exception cref="EdgeLearnException">It cannot go on: no token, a refused token, a revoked board, a folder in use. One
    /// line.</exception>
    public static Task<DeviceRun> RunAsync(DeviceAgentOptions options, CancellationToken stop) =>
        RunAsync(options, new BoardTraining(options.Data, options.Share, options.MemoryLimitBytes), stop);

    /// <summary>Runs with another way to learn.</summary>
    internal static async Task<DeviceRun> RunAsync(DeviceAgentOptions options, BoardLearner learner, CancellationToken stop)
    {
        BoardMemory.Prepare();
        using var folder = new DeviceFolder(options.Folder);
        var clock = new HubClock();
        var log = new EventLog(options.Log, options.LogAsJson, clock);
        try
        {
            var identity = await IdentityAsync(options, folder, clock, log, stop).ConfigureAwait(false);
            using var session = new AgentSession(options, folder, identity, learner, clock, log);
            var agent = new DeviceAgent(session);
            if (learner.ExampleCount == 0) log.Write("data", "there are no samples yet: waiting for the first");
            try
            {
                await agent.LoopAsync(stop).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (stop.IsCancellationRequested)
            {
                log.Write("stopped", "stopped");
            }

            return new DeviceRun(identity.DeviceId, agent._rounds.Accepted, agent._rounds.Refused, session.State.Current?.Version ?? 0,
                learner.ExampleCount);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            log.Write("stopped", "stopped before this board was enrolled");
            return new DeviceRun("", 0, 0, 0, learner.ExampleCount);
        }
        catch (Exception e) when (e is BoardRefusedException or RequestRefusedException)
        {
            throw new EdgeLearnException(e.Message, e);
        }
    }

    static async Task<DeviceIdentity> IdentityAsync(DeviceAgentOptions options, DeviceFolder folder, HubClock clock, EventLog log,
        CancellationToken stop)
    {
        var token = options.Token is { } text ? EnrolmentToken.Parse(text) : null;
        if (folder.ReadIdentity() is { } known)
        {
            using var fleet = new FleetTrust(known.Authority);
            if (token is null || token.Id == known.TokenId) return known;
            if (token.Fleet != fleet.Fleet)
                throw new EdgeLearnException($"{folder.Root} belongs to another fleet than the token: give this fleet a folder of its own");
        }
        else if (token is null)
        {
            throw new EdgeLearnException($"{folder.Root} holds no enrolled board: make a token with 'edgelearn device token' on the host "
                + $"and pass it with --token");
        }

        var backOff = new BackOff(options.FirstBackOff, options.LongestBackOff);
        while (true)
        {
            try
            {
                var identity = await Enrolment.EnrolAsync(folder, token, options.Hub, options.Name, clock, stop).ConfigureAwait(false);
                log.Write("enrolled", $"enrolled at {identity.Hub} as {identity.DeviceId} in the group {identity.Group}");
                return identity;
            }
            catch (HubAwayException e)
            {
                if (e.Suspect) throw new EdgeLearnException(e.Message, e);
                if (backOff.Failures == 0) log.Write("hub", $"{e.Message}; waiting for it");
                await Task.Delay(backOff.Next(), stop).ConfigureAwait(false);
            }
        }
    }

    async Task LoopAsync(CancellationToken stop)
    {
        await Task.Run(() => _models.CheckAtStart(stop), stop).ConfigureAwait(false);
        await _rounds.SendPendingAsync(stop).ConfigureAwait(false);
        while (true)
        {
            var answer = await CheckInAsync(stop).ConfigureAwait(false);
            await RenewIfDueAsync(stop).ConfigureAwait(false);
            if (answer.Offer is { } offer) await _models.HandleAsync(offer, answer.Statement, stop).ConfigureAwait(false);
            var window = answer.Task is { } task ? await _rounds.HandleAsync(task, stop).ConfigureAwait(false) : null;
            if (answer.Offer is not null || answer.Task is not null) BoardMemory.Return();
            var options = _session.Options;
            if (options.RoundLimit > 0 && _rounds.Accepted + _rounds.Refused >= options.RoundLimit) return;
            if (options.ExitWhenDone && answer.Offer is null && answer.Task is null && _session.State.Outcomes.Count == 0) return;
            await Task.Delay(WaitOf(window ?? answer.ComeBack), stop).ConfigureAwait(false);
        }
    }

    async Task<CheckInAnswer> CheckInAsync(CancellationToken stop)
    {
        if (Stopwatch.GetElapsedTime(_lastReadings) > s_readings)
        {
            _telemetry.Add(_session.TakeTelemetry());
            _lastReadings = Stopwatch.GetTimestamp();
            // A hub that is away for long gets the last day, not all of it.
            if (_telemetry.Count > 1440) _telemetry.RemoveAt(0);
        }

        var answer = await _session.RetryAsync(
            async () =>
            {
                var request = CheckIn.Request(_session, _telemetry, busy: false);
                try
                {
                    var reply = await _session.Link.CheckInAsync(request, stop).ConfigureAwait(false);
                    _session.Clock.Learn(HubStatements.Verify(reply.Statement, request.Nonce.Span, _session.Identity.RoundKey));
                    return reply;
                }
                catch (Exception e) when (e is EdgeLearnException or RequestRefusedException)
                {
                    // A check-in has nothing in it that could be wrong for good: somebody between here and the hub, or a hub in trouble.
                    throw new HubAwayException(e.Message, e, suspect: true);
                }
            },
            stop).ConfigureAwait(false);
        _telemetry.Clear();
        if (_session.State.Outcomes.Count > 0) _session.State = _session.State with { Outcomes = [] };
        return answer;
    }

    async Task RenewIfDueAsync(CancellationToken stop)
    {
        if (_session.Clock.Now is not { } now || !Enrolment.IsRenewalDue(_session.Identity, now)) return;
        try
        {
            var renewed = await _session.RetryAsync(
                () => Enrolment.RenewAsync(_session.Folder, _session.Identity, _session.Fleet, _session.Link, now, stop), stop)
                .ConfigureAwait(false);
            _session.Renew(renewed);
            _session.Log.Write("certificate", $"the certificate was renewed until {renewed.Validity().Until:u}");
        }
        catch (Exception e) when (e is EdgeLearnException or RequestRefusedException)
        {
            // The old one still holds for a while; the next check-in tries again.
            _session.Log.Write("certificate", $"the certificate could not be renewed: {e.Message}");
        }
    }

    TimeSpan WaitOf(Window? window)
    {
        if (_session.Options.PollInterval is { } interval) return interval;
        if (window is null || window.MaxMs == 0) return _session.Options.FirstBackOff;
        double low = Math.Min(window.MinMs, window.MaxMs), high = window.MaxMs;
        return TimeSpan.FromMilliseconds(low + (Random.Shared.NextDouble() * (high - low)));
    }
}

/// <summary>The question of a check-in.</summary>
static class CheckIn
{
    public const int NonceBytes = 16;

    /// <summary>A request with a fresh nonce, the model in use and all outcomes that the hub has not heard.</summary>
    public static CheckInRequest Request(AgentSession session, IEnumerable<Telemetry> telemetry, bool busy)
    {
        var state = session.State;
        var request = new CheckInRequest
        {
            Nonce = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(NonceBytes)),
            ExampleCount = (ulong)session.Learner.ExampleCount,
            AgentVersion = BoardReadings.AgentVersion,
            Busy = busy,
        };
        request.Codecs.AddRange(session.Learner.Codecs);
        request.Telemetry.AddRange(telemetry);
        if (busy) return WithModel(request, state.Current);
        foreach (var kept in state.Outcomes)
        {
            var outcome = new OfferOutcome
            {
                Digest = ByteString.CopyFrom(Convert.FromHexString(kept.Digest)),
                Kind = kept.Kind,
                Reason = kept.Reason
            };
            if (kept.AccuracyBefore is { } before) outcome.AccuracyBefore = before;
            if (kept.AccuracyAfter is { } after) outcome.AccuracyAfter = after;
            request.Outcomes.Add(outcome);
        }

        return WithModel(request, state.Current);
    }

    static CheckInRequest WithModel(CheckInRequest request, KeptModel? model)
    {
        if (model is null) return request;
        request.ModelDigest = ByteString.CopyFrom(model.Key.ToArray());
        request.ModelVersion = model.Version;
        return request;
    }
}
