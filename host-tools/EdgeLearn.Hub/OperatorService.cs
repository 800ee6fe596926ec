using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;

namespace EdgeLearn.Hub;

/// <summary>The calls of the operator's command line; <see cref="CallAuthentication"/> has let them in.</summary>
sealed class OperatorService(HubState hub) : Operator.OperatorBase
{
    readonly Enrolment _enrolment = new(hub);
    readonly ArtefactIntake _artefacts = new(hub);

    public override Task<FleetView> GetFleet(GetFleetRequest request, ServerCallContext context) => Task.FromResult(hub.Store.Read(db =>
    {
        FleetView view = new()
        {
            Fleet = ByteString.CopyFrom(hub.Authority.Trust.Fleet.ToArray()),
            ReleasePublicKey = ByteString.CopyFrom(hub.ReleasePublicKey.Span),
            RoundPublicKey = ByteString.CopyFrom(hub.Signer.PublicKey.Span),
            HubVersion = typeof(OperatorService).Assembly.GetName().Version?.ToString(3) ?? "",
            UnixMs = hub.Now.ToUnixTimeMilliseconds(),
        };
        foreach (string group in DeviceTable.Groups(db))
        {
            GroupView row = new() { Group = group, DeviceCount = (ulong)DeviceTable.CountActive(db, group), OpenRound = hub.Rounds.OpenIn(group)?.Id ?? 0 };
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
        _artefacts.PushAsync(requestStream, context.CancellationToken);

    public override Task<RoundView> RunRound(RunRoundRequest request, ServerCallContext context)
    {
        request.Group = RoundRequests.Group(request.Group);
        return hub.Rounds.OpenAsync(request);
    }

    public override Task<RoundView> GetRound(RoundRequest request, ServerCallContext context) => Task.FromResult(hub.Rounds.View(request.Round));

    public override async Task WatchRound(RoundRequest request, IServerStreamWriter<RoundView> responseStream, ServerCallContext context)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, hub.Stopping);
        ulong round = hub.Rounds.View(request.Round).Round;
        while (true)
        {
            Task changed = hub.Rounds.ChangeOf(round);
            RoundView view = hub.Rounds.View(round);
            await responseStream.WriteAsync(view, stop.Token);
            if (view.State is RoundView.Types.State.Committed or RoundView.Types.State.Abandoned)
                return;
            await changed.WaitAsync(stop.Token);
        }
    }

    public override Task<RoundList> ListRounds(ListRoundsRequest request, ServerCallContext context)
    {
        RoundList list = new();
        list.Rounds.AddRange(hub.Store.Read(db => RoundJournal.Views(db, request.Group, Limit(request.Limit, 100))));
        for (int i = 0; i < list.Rounds.Count; i++)
            if (list.Rounds[i].State is RoundView.Types.State.Open or RoundView.Types.State.Aggregating)
                list.Rounds[i] = hub.Rounds.View(list.Rounds[i].Round);
        return Task.FromResult(list);
    }

    public override async Task<DeviceList> ListDevices(ListDevicesRequest request, ServerCallContext context)
    {
        await hub.Liveness.FlushAsync();
        DeviceList list = new();
        list.Devices.AddRange(hub.Store.Read(db => DeviceTable.List(db, request.Group)).Select(device => device.ToView()));
        return list;
    }

    public override async Task<DeviceView> GetDevice(DeviceRequest request, ServerCallContext context)
    {
        await hub.Liveness.FlushAsync();
        return Find(request.DeviceId).ToView();
    }

    public override Task<TokenView> CreateToken(CreateTokenRequest request, ServerCallContext context) => _enrolment.CreateTokenAsync(request);

    public override Task<RevokeAnswer> Revoke(RevokeRequest request, ServerCallContext context) => _enrolment.RevokeAsync(request);

    public override Task<TelemetryList> ListTelemetry(ListTelemetryRequest request, ServerCallContext context)
    {
        ulong? device = request.DeviceId.Length == 0 ? null : Find(request.DeviceId).Id;
        TelemetryList list = new();
        list.Entries.AddRange(hub.Store.Read(db => TelemetryTable.List(db, device, request.Round, Limit(request.Limit, 1000))));
        return Task.FromResult(list);
    }

    DeviceRow Find(string idOrName) => hub.Store.Read(db => DeviceTable.Find(db, idOrName))
        ?? throw new RpcException(new Status(StatusCode.NotFound, $"there is no board '{idOrName}', or several have that name: see 'edgelearn device list'"));

    static int Limit(uint asked, int usual) => asked == 0 ? usual : (int)Math.Min(asked, 100_000);
}
