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

    double _firstLoss = double.NaN;
    long _allocatedBytes;
    long _measuredSteps;

    public StepTimes Times { get; } = new();

    /// <summary>Wall time of the steps.</summary>
    public double Seconds { get; private set; }

    /// <summary>Managed bytes allocated by a step, mean after the first three.</summary>
    public double AllocatedBytesPerStep => _measuredSteps == 0 ? 0 : (double)_allocatedBytes / _measuredSteps;

    /// <summary>Runs all steps that are left.</summary>
    /// <param name="progress">told of every step</param>
    /// <param name="checkpoint">saved on the way; null = none</param>
    /// <exception cref="EdgeLearnException">The loss ran away.</exception>
    /// <exception cref="CommandStoppedException">It was asked to stop.</exception>
    public void Run(TrainProgress progress, RunCheckpoint? checkpoint = null)
    {
        long begin = Stopwatch.GetTimestamp();
        while (!session.IsDone)
        {
            if (stop.IsCancellationRequested) throw Stopped(checkpoint);
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
            if (report.Diverged || IsHopeless(report.Loss))
            {
                throw Diverged(report.Loss, $"at step {session.StepCount:N0} of {session.TotalSteps:N0}", session.FindDivergence(),
                    checkpoint);
            }
            checkpoint?.AfterStep(mayWait: report.Loss > DoubtfulFactor * (1 + _firstLoss));
            progress.AfterStep(report);
        }

        Seconds = (Stopwatch.GetElapsedTime(begin) - progress.Overhead).TotalSeconds;
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
        // Loss is in the targets' units, those of the steps are not.
        double unit = session.Preparation.Targets.Deviation is { IsEmpty: false } deviations ? TensorPrimitives.Max(deviations) : 1;
        return double.IsFinite(evaluation.Loss) && !IsHopeless(evaluation.Loss / unit / unit)
            ? evaluation
            : throw Diverged(evaluation.Loss, "on the test samples after training", null, null);
    }

    // Never true before the first step, for example of a run that is resumed at its end.
    bool IsHopeless(double loss) => loss > HopelessFactor * (1 + _firstLoss);

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

    CommandStoppedException Stopped(RunCheckpoint? checkpoint)
    {
        checkpoint?.Save();
        string kept = checkpoint is null
            ? "nothing was saved (--checkpoint DIR would)"
            : $"go on with --checkpoint {checkpoint.Folder} --resume";
        return new($"stopped after step {session.StepCount:N0} of {session.TotalSteps:N0}; {kept}", stop);
    }
}
