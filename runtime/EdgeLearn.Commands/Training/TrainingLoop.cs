using System.Diagnostics;
using System.Numerics.Tensors;

namespace EdgeLearn.Commands;

/// <summary>Takes a session to its end and measures it: times of steps, managed bytes a step, wall time.</summary>
sealed class TrainingLoop(TrainingSession session, CancellationToken stop)
{
    // The first steps run static constructors.
    const int UnmeasuredSteps = 3;

    // No run comes back from there; an unlucky step may well be ten or a hundred times worse than the first.
    const double HopelessFactor = 1e6;

    // Likely on its way there: nothing that should take the place of an earlier state.
    const double DoubtfulFactor = 1e3;

    // Enough to see that weights are no good, and soon done.
    const int JudgedSamples = 100;

    double _firstLoss = double.NaN;
    double _lastLoss = double.NaN;
    long _allocatedBytes;
    long _measuredSteps;

    public StepTimes Times { get; } = new();

    /// <summary>Wall time of the steps.</summary>
    public double Seconds { get; private set; }

    /// <summary>Managed bytes allocated by a step, mean after the first three.</summary>
    public double AllocatedBytesPerStep => _measuredSteps == 0 ? 0 : (double)_allocatedBytes / _measuredSteps;

    /// <summary>Whether it was asked to stop before its last step.</summary>
    public bool IsStopped { get; private set; }

    /// <summary>What is wrong with the weights of a run that was stopped, in words; null = nothing that shows.</summary>
    public string? Trouble { get; private set; }

    /// <summary>Runs all steps that are left, or those until it is asked to stop.</summary>
    /// <param name="progress">told of every step</param>
    /// <param name="test">whose first look tells whether a run that was stopped is worth keeping</param>
    /// <param name="checkpoint">saved on the way; null = none</param>
    /// <exception cref="EdgeLearnException">The loss ran away.</exception>
    public void Run(TrainProgress progress, Dataset test, RunCheckpoint? checkpoint = null)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!session.IsDone && !IsStopped)
        {
            if (stop.IsCancellationRequested)
            {
                IsStopped = true;
                continue;
            }
            long allocated = GC.GetAllocatedBytesForCurrentThread(), start = Stopwatch.GetTimestamp();
            var report = session.Step();
            Times.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            if (Times.Count > UnmeasuredSteps)
            {
                _allocatedBytes += allocated;
                _measuredSteps++;
            }

            if (double.IsNaN(_firstLoss)) _firstLoss = Math.Abs(report.Loss);
            _lastLoss = report.Loss;
            if (report.Diverged || IsHopeless(report.Loss))
            {
                throw Diverged(report.Loss, $"at step {session.StepCount:N0} of {session.TotalSteps:N0}", session.FindDivergence(),
                    checkpoint);
            }
            checkpoint?.AfterStep(mayWait: IsDoubtful(report.Loss));
            progress.AfterStep(report);
        }

        Seconds = (Stopwatch.GetElapsedTime(begin) - progress.Overhead).TotalSeconds;
        if (IsStopped) Stop(progress, test, checkpoint);
    }

    void Stop(TrainProgress progress, Dataset test, RunCheckpoint? checkpoint)
    {
        progress.Stop();
        Trouble = FindTrouble(test);
        if (Trouble is null) checkpoint?.Save();
        else checkpoint?.KeepGood();
    }

    // The loss of the last step was that of the weights before it.
    string? FindTrouble(Dataset test)
    {
        if (session.Network.Parameters.FindNotFinite() is { } slice) return $"{slice.Name} has a value that is not finite";
        if (IsDoubtful(_lastLoss)) return $"the loss was {_lastLoss}";
        double loss = InOwnUnits(session.Evaluate(test.Spread(JudgedSamples)).Loss);
        return double.IsFinite(loss) && !IsDoubtful(loss) ? null : $"the loss is {loss}";
    }

    /// <summary>How the trained network does on the test samples.</summary>
    /// <exception cref="EdgeLearnException">The loss ran away in the last steps.</exception>
    public Evaluation Evaluate(Dataset test)
    {
        if (session.Network.Parameters.FindNotFinite() is { } slice)
        {
            throw new EdgeLearnException($"{session.Rule.Name}: {slice.Name} has a value that is not finite after the last "
                + $"step: {LowerRate}{Kept()}");
        }
        var evaluation = session.Evaluate(test);
        return double.IsFinite(evaluation.Loss) && !IsHopeless(InOwnUnits(evaluation.Loss))
            ? evaluation
            : throw Diverged(evaluation.Loss, "on the test samples after training", null, null);
    }

    // Never true before the first step, for example of a run that is resumed at its end.
    bool IsHopeless(double loss) => loss > HopelessFactor * (1 + _firstLoss);

    bool IsDoubtful(double loss) => loss > DoubtfulFactor * (1 + _firstLoss);

    // An evaluation has the units of the targets, a step those of the network, in which targets are about 1.
    double InOwnUnits(double loss)
    {
        double most = 0;
        foreach (double deviation in session.Preparation.Targets.Deviation) most = Math.Max(most, deviation);
        return most > 0 && session.Network.Loss.HasQuantities ? loss / (most * most) : loss;
    }

    EdgeLearnException Diverged(double loss, string where, Divergence? divergence, RunCheckpoint? checkpoint)
    {
        checkpoint?.KeepGood();
        string cause = divergence is null ? "" : $" {divergence};";
        // Before the first update there was no rate to blame.
        bool blamesInputs = divergence is not null
            && (divergence.HasLargeInputs || (session.StepCount == 1 && divergence.Cause != DivergenceCause.Loss));
        string advice = !blamesInputs ? LowerRate : session.StepCount == 1 ? Prepare : $"{Prepare}, or {LowerRate}";
        return new($"{session.Rule.Name}: the loss was {loss} {where}:{cause} {advice}{Kept(checkpoint)}");
    }

    const string Prepare = "prepare the inputs with --preparation standardise";

    string LowerRate
    {
        get
        {
            float rate = session.Settings.LearningRate!.Value,
                usual = UsualRate.For(session.Settings.Rule, session.Settings.Update, session.Network.Spec).Rate;
            return $"try a lower rate than --lr {rate}, such as --lr {Math.Min(rate / 4, usual):G3}";
        }
    }

    static string Kept(RunCheckpoint? checkpoint = null)
        => checkpoint is null
            ? ""
            : $"; {checkpoint.Folder} keeps the state after step {checkpoint.SavedStep:N0}: --network {checkpoint.Folder} goes on from "
                + $"its weights";
}
