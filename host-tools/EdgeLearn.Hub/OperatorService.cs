using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>The calls of the operator's command line; <see cref="CallAuthentication"/> has let them in.</summary>
sealed class OperatorService(
    FleetStore store, RoundSigner signer, Enrolment enrolment, Revocation revocation, ArtefactIntake artefacts, FleetRoll roll,
    RoundBook book,
    RoundRules rules, Liveness liveness, TimeProvider clock) : Operator.OperatorBase
{
    public override Task<FleetView> GetFleet(GetFleetRequest request, ServerCallContext context) => Task.FromResult(store.Read(db =>
    {
        FleetView view = new()
        {
            Fleet = ByteString.CopyFrom(signer.Fleet.ToArray()),
            ReleasePublicKey = ByteString.CopyFrom(signer.ReleasePublicKey.Span),
            RoundPublicKey = ByteString.CopyFrom(signer.PublicKey.Span),
            HubVersion = typeof(OperatorService).Assembly.GetName().Version?.ToString(3) ?? "",
            UnixMs = clock.GetUtcNow().ToUnixTimeMilliseconds(),
        };
        foreach (string group in DeviceTable.Groups(db))
        {
            ulong count = (ulong)DeviceTable.CountActive(db, group);
            GroupView row = new() { Group = group, DeviceCount = count, OpenRound = book.OpenIn(group)?.Id ?? 0 };
            if (ArtefactTable.Newest(db, group) is { } newest)
            {
                row.NewestVersion = newest.Manifest.Version;
                row.NewestDigest = ByteString.CopyFrom(newest.Manifest.Digest.ToArray());
                row.Newest = newest.Offer;
            }
            view.Groups.Add(row);
        }
        return view;
    }));

    public override Task<PushAnswer> Push(IAsyncStreamReader<PushChunk> requestStream, ServerCallContext context) =>
        artefacts.PushAsync(requestStream, context.CancellationToken);

    public override Task<RoundView> RunRound(RunRoundRequest request, ServerCallContext context)
    {
        request.Group = RoundRequests.Group(request.Group);
        return rules.OpenAsync(request);
    }

    public override Task<RoundView> GetRound(RoundRequest request, ServerCallContext context) => Task.FromResult(book.View(request.Round));

    public override async Task WatchRound(RoundRequest request, IServerStreamWriter<RoundView> responseStream, ServerCallContext context)
    {
        await foreach (var view in book.WatchAsync(request.Round, context.CancellationToken))
            await responseStream.WriteAsync(view, context.CancellationToken);
    }

    public override Task<RoundList> ListRounds(ListRoundsRequest request, ServerCallContext context)
    {
        RoundList list = new();
        list.Rounds.AddRange(book.List(request.Group, Limit(request.Limit, 100)));
        return Task.FromResult(list);
    }

    public override async Task<DeviceList> ListDevices(ListDevicesRequest request, ServerCallContext context)
    {
        await liveness.FlushAsync();
        DeviceList list = new();
        list.Devices.AddRange(store.Read(db => DeviceTable.List(db, request.Group)).Select(device => device.ToView()));
        return list;
    }

    public override async Task<DeviceView> GetDevice(DeviceRequest request, ServerCallContext context)
    {
        await liveness.FlushAsync();
        return roll.Find(request.DeviceId).ToView();
    }

    public override Task<TokenView> CreateToken(CreateTokenRequest request, ServerCallContext context) =>
        enrolment.CreateTokenAsync(request);

    public override Task<RevokeAnswer> Revoke(RevokeRequest request, ServerCallContext context) => revocation.RevokeAsync(request);

    public override Task<TelemetryList> ListTelemetry(ListTelemetryRequest request, ServerCallContext context)
    {
        ulong? device = request.DeviceId.Length == 0 ? null : roll.Find(request.DeviceId).Id;
        TelemetryList list = new();
        list.Entries.AddRange(store.Read(db => TelemetryTable.List(db, device, request.Round, Limit(request.Limit, 1000))));
        return Task.FromResult(list);
    }

    static int Limit(uint asked, int usual) => asked == 0 ? usual : (int)Math.Min(asked, 100_000);
}
