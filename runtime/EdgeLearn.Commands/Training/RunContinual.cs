namespace EdgeLearn.Commands;

/// <summary>The file of <c>--past</c> in one run: read before it, written behind it.</summary>
sealed class RunContinual
{
    readonly string _path;
    readonly ByteSource? _before;
    readonly IReadOnlyList<string>? _classNames;

    RunContinual(string path, ByteSource? before, IReadOnlyList<string>? classNames)
    {
        _path = path;
        _before = before;
        _classNames = classNames;
    }

    /// <summary>Reads the file of a request; null where it names none.</summary>
    /// <exception cref="EdgeLearnException">There is nothing to keep, or the file can be neither read nor written.</exception>
    public static RunContinual? Of(TrainRequest request)
    {
        if (request.PastPath is not { } path) return null;
        if (request.Settings.Rule is not LocalHeadsSettings
            && request.Settings.Continual is not ({ ReplayBytes: > 0 } or { Consolidation: > 0 }))
        {
            throw new EdgeLearnException("--past keeps nothing by itself: add --replay-bytes BYTES or --ewc LAMBDA");
        }
        // Stays open: it can still be read when the run has put another in its place.
        return new RunContinual(path, File.Exists(path) ? ByteSource.Open(path, path) : null,
            request.Data.ClassNames ?? request.Network.ClassNames);
    }

    /// <summary>Gives a session what earlier runs kept.</summary>
    public void Begin(TrainingSession session)
    {
        if (_before is not null) ContinualFile.Load(_before, session, _classNames);
    }

    /// <summary>Measures how much each weight matters for what was learned, where it is to be kept.</summary>
    public static void EndTask(TrainingSession session)
    {
        if (session.Consolidation is not null) session.Consolidate();
    }

    public void Save(TrainingSession session) => ContinualFile.Save(_path, session, _classNames);
}
