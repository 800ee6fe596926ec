namespace EdgeLearn;

/// <summary>
/// Something the user can mend: a bad file, a bad option, a limit that is too small. The message is one line that says what is wrong,
/// what was found, what was expected and what to try; programs print it behind "error: " and exit with 1, without a stack trace.
/// </summary>
public sealed class EdgeLearnException : Exception
{
    /// <summary>Creates the exception with its one-line message.</summary>
    public EdgeLearnException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception with its one-line message and what caused it.</summary>
    public EdgeLearnException(string message, Exception inner)
        : base(message, inner)
    {
    }
}
