using System.Runtime.CompilerServices;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Hub;

/// <summary>What the command line asks a hub for. Every call throws <see cref="EdgeLearnException"/> with one line when it fails.</summary>
public sealed class OperatorClient : IDisposable
{
    /// <summary>How many rounds a push allows the hub to sign by itself, when the operator says nothing.</summary>
    public const uint UsualGenerationLimit = 1000;

    const int ChunkBytes = 256 << 10;

    readonly OperatorIdentity _identity;
    readonly GrpcChannel _channel;
    readonly Operator.OperatorClient _calls;
    readonly Fleet.FleetClient _fleet;

    OperatorClient(OperatorIdentity identity, string address)
    {
        _identity = identity;
        Address = address;
        _channel = FleetChannel.Open(address, identity.Trust, identity.Certificate, () => DateTimeOffset.UtcNow);
        _calls = new Operator.OperatorClient(_channel);
        _fleet = new Fleet.FleetClient(_channel);
    }

    /// <summary>The hub's address.</summary>
    public string Address { get; }

    /// <summary>Reads an operator's folder; dials at the first call.</summary>
    /// <param name="folder">See <see cref="OperatorIdentity"/>.</param>
    /// <param name="address">https://host:port; null = the one in the folder.</param>
    public static OperatorClient Connect(string folder, string? address = null)
    {
        var identity = OperatorIdentity.Load(folder);
        return new OperatorClient(identity, address ?? identity.Address);
    }

    /// <summary>The fleet: its groups and their newest models.</summary>
    public Task<FleetView> GetFleetAsync(CancellationToken cancel = default)
        => CallAsync(() => _calls.GetFleetAsync(new(), Options(cancel)), cancel);

    /// <summary>Signs a model file with the release key and pushes it to a group as the version after its newest.</summary>
    /// <param name="path">The model file.</param>
    /// <param name="group">Empty = default.</param>
    /// <param name="generationLimit">How many rounds may follow without another push; 0 = none.</param>
    /// <param name="version">Null = the one after the group's newest.</param>
    /// <param name="releaseKey">Signs; null = the key in the operator's folder.</param>
    /// <param name="cancel">Gives up.</param>
    public async Task<PushAnswer> PushAsync(
        string path, string group = "", uint generationLimit = UsualGenerationLimit, ulong? version = null, FleetKey? releaseKey = null,
        CancellationToken cancel = default)
    {
        var fleet = await GetFleetAsync(cancel);
        string name = RoundRequests.Group(group);
        using var file = OpenModel(path);
        ArtefactManifest manifest = new()
        {
            Fleet = _identity.Trust.Fleet,
            Group = name,
            Version = version ?? (fleet.Groups.FirstOrDefault(g => g.Group == name)?.NewestVersion ?? 0) + 1,
            Digest = Digest.Of(file),
            SizeBytes = file.Length,
            GenerationLimit = generationLimit,
            Signer = ArtefactSigner.Release,
            CreatedUnixMs = DateTimeOffset.UtcNow.ToUnixTimeMilliseconds(),
        };
        file.Position = 0;
        return await PushAsync(manifest.Sign(releaseKey ?? _identity.ReleaseKey), file, cancel);
    }

    /// <summary>Pushes what is signed already.</summary>
    public Task<PushAnswer> PushAsync(SignedManifest manifest, Stream content, CancellationToken cancel = default) => CallAsync(async () =>
    {
        using var call = _calls.Push(Options(cancel));
        try
        {
            await call.RequestStream.WriteAsync(new PushChunk { Manifest = manifest }, cancel);
            byte[] buffer = new byte[ChunkBytes];
            int read;
            while ((read = await content.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancel)) > 0)
                await call.RequestStream.WriteAsync(new PushChunk { Data = ByteString.CopyFrom(buffer, 0, read) }, cancel);
            await call.RequestStream.CompleteAsync();
        }
        catch (RpcException)
        {
            // The hub has said no before everything was sent; its answer says why.
        }
        return await call.ResponseAsync;
    }, cancel);

    /// <summary>Opens a round. A request without an id gets one, so that a repeated call cannot open a second round.</summary>
    public Task<RoundView> RunRoundAsync(RunRoundRequest request, CancellationToken cancel = default)
    {
        if (request.RequestId.Length == 0)
            request.RequestId = Guid.NewGuid().ToString("N");
        return CallAsync(() => _calls.RunRoundAsync(request, Options(cancel)), cancel);
    }

    /// <summary>A round as it is; 0 = the newest.</summary>
    public Task<RoundView> GetRoundAsync(ulong round = 0, CancellationToken cancel = default) =>
        CallAsync(() => _calls.GetRoundAsync(new RoundRequest { Round = round }, Options(cancel)), cancel);

    /// <summary>A round now and after every change, to its end; 0 = the newest.</summary>
    public async IAsyncEnumerable<RoundView> WatchRoundAsync(ulong round = 0, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        using var call = _calls.WatchRound(new RoundRequest { Round = round }, Options(cancel));
        while (await CallAsync(() => call.ResponseStream.MoveNext(cancel), cancel))
            yield return call.ResponseStream.Current;
    }

    /// <summary>Waits for the end of a round.</summary>
    public async Task<RoundView> WaitForRoundAsync(ulong round, CancellationToken cancel = default)
    {
        RoundView? last = null;
        await foreach (var view in WatchRoundAsync(round, cancel))
            last = view;
        return last ?? await GetRoundAsync(round, cancel);
    }

    /// <summary>Rounds, newest first.</summary>
    public async Task<IReadOnlyList<RoundView>> ListRoundsAsync(string group = "", uint limit = 0, CancellationToken cancel = default) =>
        (await CallAsync(() => _calls.ListRoundsAsync(new ListRoundsRequest { Group = group, Limit = limit }, Options(cancel)),
        cancel)).Rounds;

    /// <summary>Boards by group and name.</summary>
    public async Task<IReadOnlyList<DeviceView>> ListDevicesAsync(string group = "", CancellationToken cancel = default) =>
        (await CallAsync(() => _calls.ListDevicesAsync(new ListDevicesRequest { Group = group }, Options(cancel)), cancel)).Devices;

    /// <summary>One board, by id or by a name that no other has.</summary>
    public Task<DeviceView> GetDeviceAsync(string idOrName, CancellationToken cancel = default) =>
        CallAsync(() => _calls.GetDeviceAsync(new DeviceRequest { DeviceId = idOrName }, Options(cancel)), cancel);

    /// <summary>A token for one new board.</summary>
    /// <param name="group">Empty = default.</param>
    /// <param name="life">Null = one hour.</param>
    /// <param name="address">What the board is to dial; null = the hub's own address.</param>
    /// <param name="cancel">Gives up.</param>
    public Task<TokenView> CreateTokenAsync(string group = "", TimeSpan? life = null, string? address = null,
        CancellationToken cancel = default) =>
        CallAsync(() => _calls.CreateTokenAsync(
            new CreateTokenRequest
            {
                Group = group,
                LifeSeconds = (uint)Math.Clamp(life?.TotalSeconds ?? 0, 0, uint.MaxValue),
                Address = address ?? ""
            }, Options(cancel)), cancel);

    /// <summary>Revokes a board, by id or by a name that no other has; at once, and for good.</summary>
    public Task<RevokeAnswer> RevokeDeviceAsync(string idOrName, string reason = "", CancellationToken cancel = default) =>
        CallAsync(() => _calls.RevokeAsync(new RevokeRequest { DeviceId = idOrName, Reason = reason }, Options(cancel)), cancel);

    /// <summary>Revokes a token that was not used.</summary>
    public Task<RevokeAnswer> RevokeTokenAsync(string tokenId, CancellationToken cancel = default) =>
        CallAsync(() => _calls.RevokeAsync(new RevokeRequest { TokenId = tokenId }, Options(cancel)), cancel);

    /// <summary>Telemetry, newest first.</summary>
    public async Task<IReadOnlyList<TelemetryView>> ListTelemetryAsync(string idOrName = "", ulong round = 0, uint limit = 0,
        CancellationToken cancel = default) =>
        (await CallAsync(() =>
        _calls.ListTelemetryAsync(new ListTelemetryRequest { DeviceId = idOrName, Round = round, Limit = limit }, Options(cancel)),
        cancel)).Entries;

    /// <summary>Fetches an artefact and checks its digest.</summary>
    public Task<byte[]> FetchAsync(Digest digest, CancellationToken cancel = default) => CallAsync(async () =>
    {
        using var call = _fleet.Fetch(new FetchRequest { Digest = ByteString.CopyFrom(digest.ToArray()) }, Options(cancel));
        using MemoryStream content = new();
        while (await call.ResponseStream.MoveNext(cancel))
            content.Write(call.ResponseStream.Current.Data.Span);
        byte[] bytes = content.ToArray();
        return Digest.Of(bytes) == digest ? bytes : throw new EdgeLearnException($"the hub sent other bytes than those of {digest}");
    }, cancel);

    /// <summary>Closes the connection.</summary>
    public void Dispose()
    {
        _channel.Dispose();
        _identity.Dispose();
    }

    static FileStream OpenModel(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new EdgeLearnException($"{path} cannot be read: {e.Message}", e);
        }
    }

    static CallOptions Options(CancellationToken cancel) => new(cancellationToken: cancel);

    Task<T> CallAsync<T>(Func<AsyncUnaryCall<T>> call, CancellationToken cancel) => CallAsync(async () => await call(), cancel);

    async Task<T> CallAsync<T>(Func<Task<T>> call, CancellationToken cancel)
    {
        try
        {
            return await call();
        }
        catch (RpcException e) when (cancel.IsCancellationRequested)
        {
            throw new OperationCanceledException("the call was given up", e, cancel);
        }
        catch (RpcException e)
        {
            throw new EdgeLearnException(HubFaults.Line(e, Address), e);
        }
    }
}
