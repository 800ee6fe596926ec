using EdgeLearn.Protocol;
using Google.Protobuf;

namespace EdgeLearn.Device;

/// <summary>
/// One round on a board: base model, local training, signed report. The report is on the disk before it is sent and until it is
/// acknowledged.
/// </summary>
sealed class RoundWorker(AgentSession session)
{
    /// <summary>A task that ended the process this often is reported as failed.</summary>
    public const int TrainingLimit = 3;

    // Training longer than this is worth a sign of life in between.
    static readonly TimeSpan s_signOfLife = TimeSpan.FromSeconds(15);

    /// <summary>Updates that the hub has counted.</summary>
    public int Accepted { get; private set; }

    /// <summary>Updates and failures that it has not.</summary>
    public int Refused { get; private set; }

    /// <summary>Sends the update that an earlier process has left on the disk, if there is one.</summary>
    public async Task SendPendingAsync(CancellationToken stop)
    {
        await SendAsync(resume: true, stop).ConfigureAwait(false);
    }

    /// <returns>When to check in next, by the hub.</returns>
    async Task<Window?> SendAsync(bool resume, CancellationToken stop)
    {
        using var report = session.Folder.ReadReport();
        if (report is null) return null;
        ReportAnswer answer;
        try
        {
            answer = await session.RetryAsync(
                () =>
                {
                    bool ask = resume;
                    resume = true;
                    return session.Link.ReportAsync(report, ask, stop);
                },
                stop).ConfigureAwait(false);
        }
        catch (Exception e) when (e is RequestRefusedException or InvalidDataException)
        {
            answer = new ReportAnswer { State = ReportAnswer.Types.State.Refused, Reason = e.Message };
        }

        session.Folder.DeleteReport();
        ulong round = report.Message.Telemetry?.Round ?? 0;
        if (answer.State == ReportAnswer.Types.State.Accepted)
        {
            Accepted++;
            session.Log.Write("round", $"round {round}: the update counts ({report.Length} bytes)");
        }
        else
        {
            Refused++;
            session.Log.Write("round",
                $"round {round}: the update does not count: {(answer.Reason.Length > 0 ? answer.Reason : answer.Refusal.ToString())}");
        }

        return answer.ComeBack;
    }

    /// <summary>Does a task of a check-in and reports it.</summary>
    /// <returns>When to check in next, by the hub; null = nothing was sent.</returns>
    public async Task<Window?> HandleAsync(TrainTask task, CancellationToken stop)
    {
        try
        {
            var manifest = session.Trust.Verify(task.Base);
            session.Store.Collect(session.State, manifest.Digest);
            string path = await session.RetryAsync(() => session.Store.FetchAsync(manifest, session.Link, stop), stop)
                .ConfigureAwait(false);
            // As much as the update will be; signs and records are small.
            if (task.Codec == Codec.Float32) session.Store.RequireSpace(manifest.SizeBytes, "the update");
            Begin(task);
            using (var update = await TrainAsync(task, path, stop).ConfigureAwait(false))
            {
                if (update is null)
                {
                    session.Log.Write("round", $"round {task.Round}: training did not end within the round's time");
                    return null;
                }

                Keep(task, manifest.Digest, update);
                session.Log.Write("round",
                    $"round {task.Round}: {update.ExampleCount} examples in {update.Seconds:F1} s, "
                    + $"loss {update.Loss:G4}{(update.Accuracy is { } a ? $", accuracy {a:F4}" : "")}");
            }

            return await SendAsync(resume: false, stop).ConfigureAwait(false);
        }
        catch (RequestRefusedException e)
        {
            session.Log.Write("round", $"round {task.Round}: {e.Message}");
            return null;
        }
        catch (Exception e) when (e is EdgeLearnException or DiskRefusedException or OutOfMemoryException)
        {
            string reason = e is OutOfMemoryException ? "this board has not enough memory for the task" : e.Message;
            session.Log.Write("round", $"round {task.Round} cannot be done here: {reason}");
            return await FailAsync(task, reason, stop).ConfigureAwait(false);
        }
    }

    void Begin(TrainTask task)
    {
        var training = DeviceState.Begin(session.State.Training, Convert.ToHexString(task.Attempt.Span));
        if (training.Starts > TrainingLimit) throw new EdgeLearnException($"the program ended {TrainingLimit} times while it trained");
        session.State = session.State with { Training = training };
    }

    /// <summary>Trains on a thread of its own; null when the round's time is over first.</summary>
    async Task<BoardUpdate?> TrainAsync(TrainTask task, string path, CancellationToken stop)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(stop);
        BoardMemory.Return();
        if (task.RemainingMs is > 0 and < int.MaxValue) limit.CancelAfter((int)task.RemainingMs);
        var training =
            Task.Run(() => session.Learner.Train(task, session.Identity.DeviceNumber, path, limit.Token), CancellationToken.None);
        try
        {
            while (await Task.WhenAny(training, Task.Delay(s_signOfLife, stop)).ConfigureAwait(false) != training
                && !stop.IsCancellationRequested)
            {
                await SayBusyAsync(stop).ConfigureAwait(false);
            }
            return await training.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!stop.IsCancellationRequested)
        {
            return null;
        }
        catch
        {
            // Whatever ends the wait, no training goes on behind the agent's back.
            await limit.CancelAsync().ConfigureAwait(false);
            await training.ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default)
                .ConfigureAwait(false);
            throw;
        }
    }

    async Task SayBusyAsync(CancellationToken stop)
    {
        try
        {
            await session.Link.CheckInAsync(CheckIn.Request(session, [], busy: true), stop).ConfigureAwait(false);
        }
        catch (HubAwayException)
        {
            // The report will find out whether the hub is back.
        }
    }

    // Puts an update on the disk, gives its memory back, and signs it: what TLS needs does not come on top of the weights.
    void Keep(TrainTask task, Digest baseDigest, BoardUpdate update)
    {
        var (content, length) = Digest.Of(update.Write);
        session.Folder.Write(length, update.Write, () =>
        {
            update.Dispose();
            return Message(task, baseDigest, update, content, length);
        });
    }

    ReportRequest Message(TrainTask task, Digest baseDigest, BoardUpdate update, Digest content, long length)
    {
        byte[] header = new UpdateHeader
        {
            Round = task.Round,
            Device = session.Identity.DeviceNumber,
            Attempt = new Guid(task.Attempt.Span, bigEndian: true),
            Codec = task.Codec,
            Base = baseDigest,
            Shape = update.Shape,
            ExampleCount = update.ExampleCount,
            Norm = update.Norm,
            ContentLength = length,
            Content = content,
        }.ToBytes();
        using var key = session.Folder.Key();
        var telemetry = session.TakeTelemetry();
        telemetry.Round = task.Round;
        telemetry.Loss = update.Loss;
        if (update.Accuracy is { } accuracy) telemetry.Accuracy = accuracy;
        telemetry.Figures = update.Figures;
        telemetry.StepMs = update.StepMs;
        telemetry.Examples = update.ExampleCount;
        telemetry.Seconds = update.Seconds;
        return new ReportRequest
        {
            Attempt = task.Attempt,
            Header = ByteString.CopyFrom(header),
            Signature = ByteString.CopyFrom(key.Sign(SignedThing.Update, header)),
            Telemetry = telemetry,
        };
    }

    async Task<Window?> FailAsync(TrainTask task, string reason, CancellationToken stop)
    {
        Refused++;
        try
        {
            var answer = await session.RetryAsync(() => session.Link.ReportFailureAsync(task.Attempt, reason, stop), stop)
                .ConfigureAwait(false);
            return answer.ComeBack;
        }
        catch (RequestRefusedException)
        {
            return null;
        }
    }
}
