using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Device;

/// <summary>
/// The calls of an enrolled board, over mutual TLS. A failure is <see cref="HubAwayException"/> (wait and try again),
/// <see cref="RequestRefusedException"/> (this request is hopeless) or <see cref="BoardRefusedException"/> (this board is). Counts the
/// bytes of its messages. One call at a time. Owns its channel and certificate.
/// </summary>
sealed class FleetLink : IDisposable
{
    /// <summary>Most bytes of an update in one message: a message is copied a few times on its way to the socket.</summary>
    public const int PieceBytes = 256 << 10;

    static readonly TimeSpan s_callLimit = TimeSpan.FromSeconds(60);

    readonly string _address;
    readonly X509Certificate2 _certificate;
    readonly GrpcChannel _channel;
    readonly Fleet.FleetClient _client;

    /// <summary>Prepares the channel; it connects at the first call.</summary>
    /// <param name="address">https://host:port</param>
    /// <param name="trust">The fleet; must outlive the link.</param>
    /// <param name="certificate">The board's, with its key; owned by the link from here on.</param>
    /// <param name="clock">Time for the check of the hub's certificate.</param>
    public FleetLink(string address, FleetTrust trust, X509Certificate2 certificate, HubClock clock)
    {
        _address = address;
        _certificate = certificate;
        _channel = FleetChannel.Open(address, trust, certificate, () => clock.Now);
        _client = new Fleet.FleetClient(_channel);
    }

    /// <summary>Bytes of all messages sent.</summary>
    public ulong BytesUp { get; private set; }

    /// <summary>Bytes of all messages received.</summary>
    public ulong BytesDown { get; private set; }

    /// <summary>The periodic call.</summary>
    public Task<CheckInAnswer> CheckInAsync(CheckInRequest request, CancellationToken stop)
        => CallAsync(request, _client.CheckInAsync, stop);

    /// <summary>A new certificate for the board's key.</summary>
    public Task<RenewAnswer> RenewAsync(RenewRequest request, CancellationToken stop) => CallAsync(request, _client.RenewAsync, stop);

    public Task<ReportAnswer> ReportFailureAsync(ByteString attempt, string reason, CancellationToken stop) =>
        CallAsync(new ReportRequest { Attempt = attempt, Failure = OneLine(reason) }, _client.ReportAsync, stop);

    /// <summary>
    /// Sends an update from wherever the hub is to its end. Calling it again after a failure resumes; the hub counts the attempt once.
    /// </summary>
    /// <param name="report">On the disk, from where it is sent piece by piece.</param>
    /// <param name="resume">Ask first how much the hub holds already.</param>
    /// <param name="stop">Ends the wait.</param>
    /// <returns>The final answer: accepted or refused.</returns>
    public async Task<ReportAnswer> ReportAsync(PendingReport report, bool resume, CancellationToken stop)
    {
        var piece = report.Message;
        byte[] buffer = new byte[(int)Math.Min(PieceBytes, report.Length)];
        ulong held = 0;
        bool ask = resume;
        for (int stalled = 0; stalled < 8;)
        {
            int length = ask ? 0 : (int)Math.Min(PieceBytes, (ulong)report.Length - held);
            piece.Offset = held;
            report.Read((long)held, buffer.AsSpan(0, length));
            piece.Data = UnsafeByteOperations.UnsafeWrap(buffer.AsMemory(0, length));
            var answer = await CallAsync(piece, _client.ReportAsync, stop).ConfigureAwait(false);
            if (answer.State != ReportAnswer.Types.State.More) return answer;
            if (answer.CommittedBytes > (ulong)report.Length)
                throw new InvalidDataException($"the hub claims to hold {answer.CommittedBytes} bytes of an update of {report.Length}");
            stalled = answer.CommittedBytes > held ? 0 : stalled + 1;
            held = answer.CommittedBytes;
            // A hub that holds all of it but did not end the report gets the question again.
            ask = held == (ulong)report.Length;
        }

        throw new InvalidDataException($"the hub does not take the update: it stays at {held} of {report.Length} bytes");
    }

    /// <summary>Reads an artefact from an offset on, chunk after chunk, in order.</summary>
    /// <param name="digest">Of the artefact.</param>
    /// <param name="offset">Bytes that the caller holds.</param>
    /// <param name="take">Gets (total bytes of the artefact or 0, the chunk).</param>
    /// <param name="stop">Ends the transfer.</param>
    public async Task FetchAsync(Digest digest, long offset, Action<long, ReadOnlyMemory<byte>> take, CancellationToken stop)
    {
        var request = new FetchRequest { Digest = ByteString.CopyFrom(digest.ToArray()), Offset = (ulong)offset };
        BytesUp += (ulong)request.CalculateSize();
        try
        {
            // No deadline on the whole: a large model on a slow line takes hours. The keep-alive pings find a dead line.
            using var call = _client.Fetch(request, cancellationToken: stop);
            while (await call.ResponseStream.MoveNext(stop).ConfigureAwait(false))
            {
                var chunk = call.ResponseStream.Current;
                BytesDown += (ulong)chunk.CalculateSize();
                take((long)chunk.TotalBytes, chunk.Data.Memory);
            }
        }
        catch (RpcException e)
        {
            stop.ThrowIfCancellationRequested();
            throw FleetFault.Of(e, _address);
        }
    }

    public void Dispose()
    {
        _channel.Dispose();
        _certificate.Dispose();
    }

    /// <summary>A reason as the protocol wants it: one line of at most 200 characters.</summary>
    internal static string OneLine(string text)
    {
        string line = text.ReplaceLineEndings(" ");
        return line.Length <= 200 ? line : line[..200];
    }

    async Task<TAnswer> CallAsync<TRequest,
        TAnswer>(TRequest request, Func<TRequest, CallOptions, AsyncUnaryCall<TAnswer>> method, CancellationToken stop)
        where TRequest : IMessage
        where TAnswer : IMessage
    {
        BytesUp += (ulong)request.CalculateSize();
        try
        {
            var options = new CallOptions(deadline: DateTime.UtcNow + s_callLimit, cancellationToken: stop);
            var answer = await method(request, options).ConfigureAwait(false);
            BytesDown += (ulong)answer.CalculateSize();
            return answer;
        }
        catch (RpcException e)
        {
            stop.ThrowIfCancellationRequested();
            throw FleetFault.Of(e, _address);
        }
    }
}
