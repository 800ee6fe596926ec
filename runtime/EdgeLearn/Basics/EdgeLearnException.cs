namespace EdgeLearn;

/// <summary>
/// Something the user can mend: a bad file, a bad option, a limit that is too small. The message is one line that says what is wrong,
/// what was found, what was expected and what to try; programs print it behind "error: " and exit with 1, without a stack trace.
/// </summary>
/// <param name="message">one line</param>
/// <param name="inner">what caused it</param>
public class EdgeLearnException(string message, Exception? inner = null) : Exception(message, inner);
