using System.Net;

namespace EdgeLearn.Hub;

/// <summary>How a hub is started.</summary>
public sealed record HubOptions
{
    /// <summary>The group of boards and operators that name none.</summary>
    public const string DefaultGroup = "default";

    /// <summary>Where the hub keeps its keys, its database and its artefacts; made when it is not there.</summary>
    public required string Folder { get; init; }

    /// <summary>The address to listen on.</summary>
    public IPAddress Listen { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 = a free one.</summary>
    public int Port { get; init; }

    /// <summary>
    /// Name or address that boards dial, written into tokens and the server's certificate; null = the address it listens on.
    /// </summary>
    public string? PublicHost { get; init; }

    /// <summary>
    /// Scores a model file on the hub's test set; null = rounds have no accuracy. Called on a thread of the pool, one call at a time.
    /// </summary>
    public Func<string, ModelTest>? Evaluate { get; init; }

    /// <summary>Told one line about everything worth knowing; called from any thread.</summary>
    public Action<string>? Log { get; init; }

    /// <summary>How long a board's certificate lives; it renews itself before 2/3 of that.</summary>
    public TimeSpan CertificateLife { get; init; } = TimeSpan.FromDays(30);

    /// <summary>Check-ins a second that the hub wants to see at most, from the whole fleet.</summary>
    public double CheckInsPerSecond { get; init; } = 1000;

    /// <summary>Mean time between check-ins of a board when nothing is going on.</summary>
    public TimeSpan IdleInterval { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Mean time between check-ins of a board while a round is open or the operator has just done something.</summary>
    public TimeSpan BusyInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>Reads a variable of the environment; the OTEL_ ones say whether and where telemetry is exported.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The clock; tests turn it.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}

/// <summary>How a model did on the hub's test set.</summary>
/// <param name="Evaluation">the figures</param>
/// <param name="ClassNames">of the model; null = its classes have none</param>
public readonly record struct ModelTest(Evaluation Evaluation, IReadOnlyList<string>? ClassNames);
