namespace EdgeLearn.Datasets;

/// <summary>There is nothing to learn from, yet: a file with a header and no rows, or an empty one.</summary>
/// <param name="message">one line</param>
public sealed class NoSamplesException(string message) : EdgeLearnException(message);
