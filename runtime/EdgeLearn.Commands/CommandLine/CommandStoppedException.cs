// Named for what happened, as the commands say it; the runtime's own kind decides how it is handled.
namespace EdgeLearn.Commands;

/// <summary>A command was stopped by Ctrl-C or SIGTERM; the message is one line that says what was kept.</summary>
/// <param name="message">one line</param>
/// <param name="stop">who asked</param>
public sealed class CommandStoppedException(string message, CancellationToken stop) : OperationCanceledException(message, stop);
