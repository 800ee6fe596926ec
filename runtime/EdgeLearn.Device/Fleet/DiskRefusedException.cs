namespace EdgeLearn.Device;

/// <summary>This board's disk has no room or does not take what is written, which says nothing of the model: it may be stored another time. The message is one line.</summary>
sealed class DiskRefusedException(string message, Exception? inner = null) : Exception(message, inner);
