using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Net.Client;

namespace EdgeLearn.Tests;

public sealed class PushTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static ArtefactManifest Manifest(TestFleet fleet, byte[] model, ulong version = 1) => new()
    {
        Fleet = fleet.Hub.Fleet,
        Group = "default",
        Version = version,
        Digest = Digest.Of(model),
        SizeBytes = model.Length,
        GenerationLimit = 10,
        Signer = ArtefactSigner.Release,
        CreatedUnixMs = 1,
    };

    static async Task<string> RefusedAsync(TestFleet fleet, SignedManifest manifest, byte[] content)
    {
        using MemoryStream stream = new(content);
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => fleet.Operator.PushAsync(manifest, stream, Cancel));
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    [Fact]
    public async Task A_pushed_model_is_offered_fetched_resumed_and_not_offered_again()
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] model = TestFleet.ModelBytes(network: "300-300-3");
        var board = await fleet.AddBoardAsync();
        var push = await fleet.PushAsync(model);
        Assert.Equal((1ul, "default", 1ul), (push.Version, push.Group, push.DeviceCount));
        var answer = await board.CheckInAsync();
        (var manifest, ulong release) = board.ArtefactTrust.VerifyForUse(answer.Offer, 0, 0);
        Assert.Equal((1ul, 1ul, 1ul), (manifest.Version, release, answer.Statement.NewestVersion));
        Assert.Equal(model, await board.FetchAsync(push.Digest.ToByteArray()));
        Assert.Equal(model[1000..], await board.FetchAsync(push.Digest.ToByteArray(), 1000));
        Assert.Empty(await board.FetchAsync(push.Digest.ToByteArray(), (ulong)model.Length));
        board.ModelDigest = push.Digest.ToByteArray();
        Assert.Null((await board.CheckInAsync()).Offer);
        Assert.Equal(2ul, (await fleet.PushAsync(TestFleet.ModelBytes(2))).Version);
        Assert.NotNull((await board.CheckInAsync()).Offer);
    }

    [Fact]
    public async Task An_offer_that_a_board_has_declined_is_not_repeated_and_a_newer_one_comes()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync();
        var push = await fleet.PushAsync(TestFleet.ModelBytes());
        CheckInRequest request = new()
        {
            Outcomes = { new OfferOutcome { Digest = push.Digest, Kind = OfferOutcome.Types.Kind.ScoredWorse, AccuracyBefore = 0.9,
                AccuracyAfter = 0.5, Reason = "worse" } },
        };
        Assert.Null((await board.Calls.CheckInAsync(request, cancellationToken: Cancel)).Offer);
        Assert.Null((await board.CheckInAsync()).Offer);
        var view = await fleet.Operator.GetDeviceAsync(board.Id, Cancel);
        Assert.Equal((OfferOutcome.Types.Kind.ScoredWorse, 0.5), (view.LastOutcome.Kind, view.LastOutcome.AccuracyAfter));
        await fleet.PushAsync(TestFleet.ModelBytes(2));
        Assert.NotNull((await board.CheckInAsync()).Offer);
    }

    [Fact]
    public async Task Boards_of_another_group_get_neither_the_offer_nor_the_bytes()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync(group: "lab");
        var push = await fleet.PushAsync(TestFleet.ModelBytes(), "field");
        Assert.Null((await board.CheckInAsync()).Offer);
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(() => board.FetchAsync(push.Digest.ToByteArray()));
        Assert.Equal(Grpc.Core.StatusCode.NotFound, e.StatusCode);
    }

    [Fact]
    public async Task Roll_back_unknown_parents_foreign_signatures_and_changed_bytes_are_refused()
    {
        await using var fleet = await TestFleet.StartAsync();
        using var identity = OperatorIdentity.Load(fleet.Hub.OperatorFolder);
        byte[] model = TestFleet.ModelBytes(), other = TestFleet.ModelBytes(2);
        await fleet.PushAsync(model);
        await fleet.PushAsync(other);
        var key = identity.ReleaseKey;
        Assert.Contains("roll-back", await RefusedAsync(fleet, Manifest(fleet, model, 1).Sign(key), model));
        Assert.Contains("roll-back", await RefusedAsync(fleet, Manifest(fleet, model, 2).Sign(key), model));
        Assert.Contains("parent",
            await RefusedAsync(fleet, (Manifest(fleet, model, 3) with { Parent = Digest.Of("no"u8) }).Sign(key), model));
        using var stranger = FleetKey.Create();
        Assert.Contains("release key", await RefusedAsync(fleet, Manifest(fleet, model, 3).Sign(stranger), model));
        Assert.Contains("another fleet",
            await RefusedAsync(fleet, (Manifest(fleet, model, 3) with { Fleet = Digest.Of("no"u8) }).Sign(key), model));
        byte[] flipped = [.. model];
        flipped[^1] ^= 1;
        Assert.Contains("SHA-256", await RefusedAsync(fleet, Manifest(fleet, model, 3).Sign(key), flipped));
        Assert.Contains("bytes came", await RefusedAsync(fleet, Manifest(fleet, model, 3).Sign(key), model[..^1]));
        Assert.Contains("more bytes", await RefusedAsync(fleet, Manifest(fleet, model, 3).Sign(key), [.. model, 0]));
        byte[] junk = [.. Enumerable.Repeat((byte)7, 100)];
        await RefusedAsync(fleet, Manifest(fleet, junk, 3).Sign(key), junk);
        Assert.Equal(2ul, (await fleet.Operator.GetFleetAsync(Cancel)).Groups.Single().NewestVersion);
        Assert.Empty(Directory.GetFiles(Path.Combine(fleet.Folder, "artefacts"), "*.new"));
        using MemoryStream good = new(model);
        var third = Manifest(fleet, model, 3) with { Parent = Digest.Of(other) };
        var signed = third.Sign(key);
        Assert.Equal(3ul, (await fleet.Operator.PushAsync(signed, good, Cancel)).Version);
        good.Position = 0;
        Assert.Equal(3ul, (await fleet.Operator.PushAsync(signed, good, Cancel)).Version);
    }

    [Fact]
    public async Task A_push_that_stalls_holds_up_no_round_and_is_refused_when_the_round_took_its_version()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        using var identity = OperatorIdentity.Load(fleet.Hub.OperatorFolder);
        using var channel = FleetChannel.Open(fleet.Hub.Address, identity.Trust, identity.Certificate, () => DateTimeOffset.UtcNow);
        byte[] model = TestFleet.ModelBytes(2);
        using var push = new Operator.OperatorClient(channel).Push(cancellationToken: Cancel);
        await push.RequestStream.WriteAsync(new PushChunk { Manifest = Manifest(fleet, model, 2).Sign(identity.ReleaseKey) }, Cancel);
        await push.RequestStream.WriteAsync(new PushChunk { Data = ByteString.CopyFrom(model, 0, 100) }, Cancel);
        string artefacts = Path.Combine(fleet.Folder, "artefacts");
        while (Directory.GetFiles(artefacts, "*.new") is not [{ } beside] || new FileInfo(beside).Length < 100)
            await Task.Delay(5, Cancel);

        var opened = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => w);
        var done = await fleet.Operator.WaitForRoundAsync(opened.Round, Cancel).WaitAsync(TestFleet.Patience, Cancel);
        Assert.Equal((RoundView.Types.State.Committed, 2ul), (done.State, done.ModelVersion));

        await push.RequestStream.WriteAsync(new PushChunk { Data = ByteString.CopyFrom(model, 100, model.Length - 100) }, Cancel);
        await push.RequestStream.CompleteAsync();
        var e = await Assert.ThrowsAsync<Grpc.Core.RpcException>(async () => await push.ResponseAsync);
        Assert.Contains("roll-back", e.Status.Detail);
        Assert.Empty(Directory.GetFiles(artefacts, "*.new"));
        Assert.Equal(3ul, (await fleet.PushAsync(model)).Version);
    }

    [Fact]
    public async Task What_the_round_key_has_signed_cannot_be_pushed()
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] model = TestFleet.ModelBytes();
        await fleet.PushAsync(model);
        using var round = FleetKey.Load(Path.Combine(fleet.Folder, "keys", "round.key"));
        Assert.Contains("release key", await RefusedAsync(fleet, Manifest(fleet, model, 2).Sign(round), model));
        var successor = Manifest(fleet, model, 2) with
        {
            Signer = ArtefactSigner.Round,
            Parent = Digest.Of(model),
            Origin = Digest.Of(model),
            Generation = 1,
            GenerationLimit = 0,
            Round = 1,
            Updates = Digest.Of("x"u8),
        };
        Assert.Contains("only the release key", await RefusedAsync(fleet, successor.Sign(round), model));
    }

    [Fact]
    public async Task A_push_allows_as_many_rounds_as_it_says()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes(), generationLimit: 1);
        var board = await fleet.AddBoardAsync();
        var round = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TrainAsync(w => [.. w.Select(x => x + 1)]);
        Assert.Equal(RoundView.Types.State.Committed, (await fleet.Operator.WaitForRoundAsync(round.Round, Cancel)).State);
        var answer = await board.CheckInAsync();
        (var manifest, ulong release) = board.ArtefactTrust.VerifyForUse(answer.Offer, 1, 1);
        Assert.Equal((2ul, 1ul, 1u, ArtefactSigner.Round), (manifest.Version, release, manifest.Generation, manifest.Signer));
        var e =
            await Assert.ThrowsAsync<EdgeLearnException>(() => fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel));
        Assert.Contains("used up", e.Message);
    }

    [Fact]
    public async Task A_round_whose_push_was_replaced_meanwhile_is_abandoned()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        var board = await fleet.AddBoardAsync();
        var round = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        await board.TaskAsync();
        await fleet.PushAsync(TestFleet.ModelBytes(2));
        await board.TrainAsync(w => w);
        var done = await fleet.Operator.WaitForRoundAsync(round.Round, Cancel);
        Assert.Equal(RoundView.Types.State.Abandoned, done.State);
        Assert.Contains("newer", done.Reason);
    }

    [Fact]
    public async Task The_signer_signs_results_of_rounds_in_aggregation_alone()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.PushAsync(TestFleet.ModelBytes());
        await fleet.AddBoardAsync();
        var view = await fleet.Operator.RunRoundAsync(TestFleet.RoundOf(), Cancel);
        var round = fleet.Hub.Parts.Book.OpenIn("default")!;
        Assert.Equal(view.Round, round.Id);
        var e = Assert.Throws<EdgeLearnException>(() =>
            fleet.Hub.Parts.Signer.SignSuccessor(round, round.Base, Digest.Of("x"u8), 1, Digest.Of("y"u8), DateTimeOffset.UtcNow));
        Assert.Contains("being aggregated", e.Message);
    }
}
