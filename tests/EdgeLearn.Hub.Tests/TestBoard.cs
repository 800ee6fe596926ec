using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Tests;

/// <summary>A board that speaks the protocol over a real connection and "trains" as the test tells it.</summary>
sealed class TestBoard : IDisposable
{
    readonly X509Certificate2 _certificate;
    readonly GrpcChannel _channel;

    public TestBoard(string address, FleetTrust trust, FleetKey key, EnrollAnswer enrolled)
    {
        Key = key;
        Enrolled = enrolled;
        Trust = trust;
        using var certificate = X509CertificateLoader.LoadCertificate(enrolled.Certificate.Span);
        _certificate = key.With(certificate);
        _channel = FleetChannel.Open(address, trust, _certificate, () => DateTimeOffset.UtcNow);
        Calls = new Fleet.FleetClient(_channel);
    }

    public FleetKey Key { get; }

    public FleetTrust Trust { get; }

    public EnrollAnswer Enrolled { get; }

    public Fleet.FleetClient Calls { get; }

    public string Id => Enrolled.DeviceId;

    public ulong Number => Convert.ToUInt64(Id, 16);

    public byte[] ModelDigest { get; set; } = [];

    public ulong Examples { get; set; } = 10;

    public ArtefactTrust ArtefactTrust
        => new(Trust.Fleet, Enrolled.Group, Enrolled.ReleasePublicKey.Memory, Enrolled.RoundPublicKey.Memory);

    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>
    /// First contact as the protocol has it: authority, comparison with the token, enrolment on a connection that trusts it alone.
    /// </summary>
    public static async Task<TestBoard> EnrolAsync(EnrolmentToken token, string name = "board", FleetKey? key = null)
    {
        key ??= FleetKey.Create();
        FleetTrust trust;
        using (var first = FleetChannel.OpenUnverified(token.Address))
        {
            trust = FleetTrust.FromToken(token,
                (await new Fleet.FleetClient(first).AuthorityAsync(new(), cancellationToken: Cancel)).AuthorityCertificate.Span);
        }
        using var channel = FleetChannel.Open(token.Address, trust);
        var answer = await new Fleet.FleetClient(channel).EnrollAsync(Request(token, key, name), cancellationToken: Cancel);
        return new TestBoard(token.Address, trust, key, answer);
    }

    public static EnrollRequest Request(EnrolmentToken token, FleetKey key, string name = "board") => new()
    {
        TokenId = ByteString.CopyFrom(token.Id.ToByteArray(bigEndian: true)),
        TokenSecret = ByteString.CopyFrom(token.Secret),
        CertificateRequest = ByteString.CopyFrom(key.CertificateRequest()),
        Name = name,
        AgentVersion = "test",
        Platform = "test",
    };

    public async Task<CheckInAnswer> CheckInAsync(params Telemetry[] telemetry)
    {
        CheckInRequest request = new()
        {
            Nonce = ByteString.CopyFrom(RandomNumberGenerator.GetBytes(16)),
            ModelDigest = ByteString.CopyFrom(ModelDigest),
            ExampleCount = Examples,
            Codecs = { Codec.Float32, Codec.SignVote, Codec.ZerothOrder },
            AgentVersion = "test",
        };
        request.Telemetry.AddRange(telemetry);
        var answer = await Calls.CheckInAsync(request, cancellationToken: Cancel);
        HubStatements.Verify(answer.Statement, request.Nonce.Span, Enrolled.RoundPublicKey.Span);
        return answer;
    }

    /// <summary>The task of the open round, asked for until it is there.</summary>
    public async Task<TrainTask> TaskAsync()
    {
        for (long begin = Stopwatch.GetTimestamp(); Stopwatch.GetElapsedTime(begin) < TestFleet.Patience;)
        {
            if ((await CheckInAsync()).Task is { } task)
                return task;
            await Task.Delay(10, Cancel);
        }
        throw new InvalidOperationException("no task came");
    }

    public async Task<byte[]> FetchAsync(byte[] digest, ulong offset = 0)
    {
        using var call =
            Calls.Fetch(new FetchRequest { Digest = ByteString.CopyFrom(digest), Offset = offset }, cancellationToken: Cancel);
        using MemoryStream content = new();
        while (await call.ResponseStream.MoveNext(Cancel))
            content.Write(call.ResponseStream.Current.Data.Span);
        return content.ToArray();
    }

    /// <summary>Fetches the base of a task and checks everything that a board checks.</summary>
    public async Task<byte[]> BaseAsync(TrainTask task)
    {
        var manifest = ArtefactTrust.Verify(task.Base);
        byte[] model = await FetchAsync(manifest.Digest.ToArray());
        Assert.Equal(manifest.Digest, Digest.Of(model));
        return model;
    }

    public UpdateHeader Header(TrainTask task, byte[] model, byte[] content, ulong? examples = null) => new()
    {
        Round = task.Round,
        Device = Number,
        Attempt = new Guid(task.Attempt.Span, bigEndian: true),
        Codec = task.Codec,
        Base = Digest.Of(model),
        Shape = TestFleet.ShapeOf(model).Hash,
        ExampleCount = examples ?? Examples,
        Norm = 1,
        ContentLength = content.Length,
        Content = Digest.Of(content),
    };

    public ReportRequest Signed(UpdateHeader header, byte[] content) => new()
    {
        Attempt = ByteString.CopyFrom(header.Attempt.ToByteArray(bigEndian: true)),
        Header = ByteString.CopyFrom(header.ToBytes()),
        Signature = ByteString.CopyFrom(Key.Sign(SignedThing.Update, header.ToBytes())),
        Data = ByteString.CopyFrom(content),
    };

    public async Task<ReportAnswer> ReportAsync(ReportRequest request) => await Calls.ReportAsync(request, cancellationToken: Cancel);

    public Task<ReportAnswer> ReportAsync(TrainTask task, byte[] model, byte[] content)
        => ReportAsync(Signed(Header(task, model, content), content));

    /// <summary>A whole client-round: task, base, the given change of the weights, report.</summary>
    public async Task<ReportAnswer> TrainAsync(Func<float[], float[]> train, ulong? examples = null)
    {
        var task = await TaskAsync();
        byte[] model = await BaseAsync(task);
        float[] start = TestFleet.WeightsOf(model);
        BoardChange change = new() { Base = UpdateBytes.Reader(start), Trained = train([.. start]) };
        byte[] content = UpdateCodec.Of(task.Codec).Encode(new UpdateContext(TestFleet.ShapeOf(model), task.Round, Number, 1), change);
        return await ReportAsync(Signed(Header(task, model, content, examples), content));
    }

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
        Key.Dispose();
        Trust.Dispose();
    }
}
