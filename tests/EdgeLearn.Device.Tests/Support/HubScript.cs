using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Tests;

/// <summary>What the fake hub knows and does. Tests set it before or between calls.</summary>
sealed class HubScript(TestFleet fleet)
{
    public TestFleet Fleet { get; } = fleet;

    public ConcurrentDictionary<Guid, EnrolmentToken> Tokens { get; } = new();

    public ConcurrentDictionary<Guid, byte[]> UsedTokens { get; } = new();

    public ConcurrentDictionary<Digest, byte[]> Artefacts { get; } = new();

    /// <summary>Certificates of boards live so long.</summary>
    public TimeSpan CertificateLife { get; set; } = TimeSpan.FromDays(30);

    public ArtefactOffer? Offer { get; set; }

    public ulong NewestVersion { get; set; }

    public TrainTask? Task { get; set; }

    public string? RevokedReason { get; set; }

    /// <summary>Ends a fetch with an error after so many bytes; used up at once.</summary>
    public int? CutFetchAfterBytes { get; set; }

    /// <summary>So many final answers to reports get lost on their way.</summary>
    public int LostReportAnswers { get; set; }

    /// <summary>Damages the answer to Enroll.</summary>
    public Action<EnrollAnswer>? SpoilEnrollment { get; set; }

    /// <summary>Damages the answer to CheckIn.</summary>
    public Action<CheckInAnswer>? SpoilCheckIn { get; set; }

    /// <summary>Called at the start of every call, with its name.</summary>
    public Action<string>? OnCall { get; set; }

    public int EnrollCalls { get; set; }

    public int RenewCalls { get; set; }

    public List<CheckInRequest> CheckIns { get; } = [];

    public List<ulong> FetchOffsets { get; } = [];

    public List<OfferOutcome> Outcomes { get; } = [];

    /// <summary>Content held for each attempt.</summary>
    public Dictionary<ByteString, MemoryStream> Uploads { get; } = [];

    /// <summary>How often an attempt was counted, its header, its content and its telemetry.</summary>
    public Dictionary<ByteString, (int Count, UpdateHeader Header, byte[] Content, Telemetry Telemetry)> Counted { get; } = [];

    public List<string> Failures { get; } = [];

    /// <summary>Makes an artefact known and the newest.</summary>
    public ArtefactManifest Push(byte[] content, ulong version)
    {
        var manifest = Fleet.Push(content, version);
        Artefacts[manifest.Digest] = content;
        Offer = Fleet.Offer(manifest);
        NewestVersion = version;
        return manifest;
    }

    public TrainTask OpenRound(ArtefactOffer baseOffer, ulong round = 1, Codec codec = Codec.Float32, RoundTraining? training = null)
        => Task = new TrainTask
        {
            Round = round,
            Attempt = TestFleet.NewAttempt(),
            Base = baseOffer,
            Codec = codec,
            Training = training ?? RoundTraining.From(new TrainingSettings { LearningRate = 0.1f, Epochs = 1, Batch = 32 }),
            RemainingMs = 3_600_000,
            ExampleLimit = 1 << 20,
        };

    public HubStatement Statement(ReadOnlySpan<byte> nonce, ulong newest)
        => HubStatements.Create(Fleet.RoundKey, nonce, DateTimeOffset.UtcNow, newest);

    public byte[] IssueDevice(byte[] certificateRequest)
    {
        var read = CertificateRequest.LoadSigningRequest(certificateRequest, HashAlgorithmName.SHA256,
            CertificateRequestLoadOptions.Default);
        string id = DeviceIdOf(read.PublicKey);
        using var certificate = Fleet.IssueDevice(read.PublicKey, id, CertificateLife);
        return certificate.RawData;
    }

    public static string DeviceIdOf(PublicKey key) => Digest.Of(key.ExportSubjectPublicKeyInfo()).ToString()[..16];

    public static RpcException Fail(StatusCode code, string detail) => new(new Status(code, detail));
}
