namespace EdgeLearn;

/// <summary>
/// Watches a number that should stay as it is, such as whether an answer was wrong (0 or 1), and says when it has changed. Memory is fixed;
/// a value allocates nothing.
/// </summary>
public abstract class DriftDetector
{
    static readonly (string Word, Func<DriftDetector> Make)[] s_kinds =
    [
        (Adwin.Name, () => new Adwin()),
        (DriftDetectionMethod.Name, () => new DriftDetectionMethod()),
        (PageHinkley.Name, () => new PageHinkley()),
    ];

    private protected DriftDetector()
    {
    }

    /// <summary>The words of all detectors.</summary>
    public static IEnumerable<string> Words => s_kinds.Select(kind => kind.Word);

    /// <summary>A detector with its usual parameters.</summary>
    /// <param name="word">one of <see cref="Words"/></param>
    /// <exception cref="EdgeLearnException">There is no such detector.</exception>
    public static DriftDetector Named(string word)
        => s_kinds.FirstOrDefault(kind => kind.Word == word).Make?.Invoke()
            ?? throw new EdgeLearnException($"unknown drift detector '{word}': expected {string.Join(", ", Words)}");

    /// <summary>Its word on the command line.</summary>
    public abstract string Word { get; }

    /// <summary>Takes a value in.</summary>
    /// <param name="value">0 or 1, or a number of that size; finite</param>
    /// <returns>Whether the values have grown: the answers have become worse.</returns>
    public abstract bool Add(double value);
}
