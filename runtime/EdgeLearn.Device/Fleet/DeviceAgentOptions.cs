namespace EdgeLearn.Device;

/// <summary>How an agent is started.</summary>
public sealed record DeviceAgentOptions
{
    /// <summary>The agent's own folder: key, certificate, models, state. Made when it is not there.</summary>
    public required string Folder { get; init; }

    /// <summary>Enrolment token; needed the first time only.</summary>
    public string? Token { get; init; }

    /// <summary>What to dial instead of the address in the token, https://host:port.</summary>
    public string? Hub { get; init; }

    /// <summary>What a person calls the board; the hub need not find it unique.</summary>
    public string Name { get; init; } = Environment.MachineName;

    /// <summary>The board's examples as they are stored, the model brings the preparation; not owned, must outlive the run.</summary>
    public required BoardData Data { get; init; }

    /// <summary>Which of the examples are this board's, and how many are held out.</summary>
    public DataShare Share { get; init; } = new();

    /// <summary>
    /// How much worse, in accuracy 0..1, an offered model may score than the present one; two standard errors come on top.
    /// </summary>
    public double WorseMargin { get; init; } = 0.05;

    /// <summary>Ends the run when the hub has nothing to do for this board.</summary>
    public bool ExitWhenDone { get; init; }

    /// <summary>Bytes that weights and workspace of a round may take; null = those of inference (<see cref="TrainingPlan.Of"/>).</summary>
    public long? MemoryLimitBytes { get; init; }

    /// <summary>Ends the run after so many rounds; 0 = goes on.</summary>
    public int RoundLimit { get; init; }

    /// <summary>Check-ins this far apart instead of when the hub says; for tests and demonstrations.</summary>
    public TimeSpan? PollInterval { get; init; }

    /// <summary>Longest first wait when the hub is away; doubles with every failure.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait when the hub is away.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>One line for each event.</summary>
    public TextWriter Log { get; init; } = TextWriter.Null;

    /// <summary>Writes the events as JSON lines.</summary>
    public bool LogAsJson { get; init; }
}

/// <summary>What an agent did until it stopped.</summary>
/// <param name="DeviceId">16 hexadecimal digits; empty when it was stopped before the hub had enrolled it</param>
/// <param name="RoundsAccepted">Updates that the hub has counted.</param>
/// <param name="RoundsRefused">Updates that it has not.</param>
/// <param name="ModelVersion">Of the model in use; 0 = none.</param>
/// <param name="Examples">Training examples of the board.</param>
public sealed record DeviceRun(string DeviceId, int RoundsAccepted, int RoundsRefused, ulong ModelVersion, int Examples);
