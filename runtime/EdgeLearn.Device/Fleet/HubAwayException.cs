namespace EdgeLearn.Device;

/// <summary>The hub did not answer: wait and try again. The message is one line.</summary>
sealed class HubAwayException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">One line.</param>
    /// <param name="inner">What happened.</param>
    /// <param name="suspect">Somebody answered, but not this fleet's hub, or it refuses the board's certificate: waiting may not help.</param>
    public HubAwayException(string message, Exception inner, bool suspect = false)
        : base(message, inner)
    {
        Suspect = suspect;
    }

    /// <summary>Somebody answered, but not this fleet's hub, or it refuses the board's certificate: waiting may not help.</summary>
    public bool Suspect { get; }
}
