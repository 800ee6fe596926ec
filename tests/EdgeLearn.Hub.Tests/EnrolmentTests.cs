using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using EdgeLearn.Hub;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace EdgeLearn.Tests;

public sealed class EnrolmentTests
{
    static CancellationToken Cancel => TestContext.Current.CancellationToken;

    static async Task<EnrolmentToken> TokenAsync(TestFleet fleet, TimeSpan? life = null) =>
        EnrolmentToken.Parse((await fleet.Operator.CreateTokenAsync(life: life, cancel: Cancel)).Token);

    static async Task<Status> RefusalAsync(Func<Task> call)
    {
        var e = await Assert.ThrowsAsync<RpcException>(call);
        Assert.DoesNotContain('\n', e.Status.Detail);
        return e.Status;
    }

    [Fact]
    public async Task A_board_enrols_checks_in_and_renews()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync("pi-3", "field");
        Assert.Equal(board.Key.Fingerprint.ToString()[..16], board.Id);
        Assert.Equal("field", board.Enrolled.Group);
        var answer = await board.CheckInAsync();
        Assert.Null(answer.Task);
        Assert.Null(answer.Offer);
        using var renewed = FleetKey.Create();
        var renewal =
            await board.Calls.RenewAsync(new RenewRequest { CertificateRequest = ByteString.CopyFrom(renewed.CertificateRequest()) },
            cancellationToken: Cancel);
        var later = board.Enrolled.Clone();
        later.Certificate = renewal.Certificate;
        using TestBoard same = new(fleet.Hub.Address, new FleetTrust(board.Trust.AuthorityCertificate), renewed, later);
        await same.CheckInAsync();
        var device = (await fleet.Operator.ListDevicesAsync(cancel: Cancel)).Single();
        Assert.Equal((board.Id, "pi-3", "field", 10ul), (device.DeviceId, device.Name, device.Group, device.ExampleCount));
        Assert.True(device.LastSeenUnixMs > 0);
        Assert.Equal(board.Id, (await fleet.Operator.GetDeviceAsync("pi-3", Cancel)).DeviceId);
    }

    [Fact]
    public async Task The_same_key_gets_the_same_answer_and_another_key_is_refused()
    {
        await using var fleet = await TestFleet.StartAsync();
        var token = await TokenAsync(fleet);
        using var key = FleetKey.Create();
        using TestBoard first = await TestBoard.EnrolAsync(token, key: key), again = await TestBoard.EnrolAsync(token, key: key);
        Assert.Equal(first.Enrolled.Certificate, again.Enrolled.Certificate);
        var status = await RefusalAsync(() => TestBoard.EnrolAsync(token));
        Assert.Equal(StatusCode.Unauthenticated, status.StatusCode);
        Assert.Contains("used already", status.Detail);
        await fleet.RestartAsync();
        Assert.Contains("used already", (await RefusalAsync(() => TestBoard.EnrolAsync(token))).Detail);
    }

    [Fact]
    public async Task Tokens_that_are_expired_unknown_revoked_or_have_a_wrong_secret_are_refused()
    {
        ShiftedClock clock = new();
        await using var fleet = await TestFleet.StartAsync(o => o with { Clock = clock });
        var token = await TokenAsync(fleet, TimeSpan.FromMinutes(1));
        byte[] wrong = [.. token.Secret];
        wrong[5] ^= 1;
        Assert.Contains("secret is wrong", (await RefusalAsync(() => TestBoard.EnrolAsync(token with { Secret = wrong }))).Detail);
        Assert.Contains("not one of this fleet",
            (await RefusalAsync(() => TestBoard.EnrolAsync(token with { Id = Guid.NewGuid() }))).Detail);
        var revoked = await fleet.Operator.CreateTokenAsync(cancel: Cancel);
        await fleet.Operator.RevokeTokenAsync(revoked.TokenId, Cancel);
        Assert.Contains("revoked", (await RefusalAsync(() => TestBoard.EnrolAsync(EnrolmentToken.Parse(revoked.Token)))).Detail);
        clock.Advance(TimeSpan.FromMinutes(2));
        Assert.Contains("expired", (await RefusalAsync(() => TestBoard.EnrolAsync(token))).Detail);
        Assert.Empty(await fleet.Operator.ListDevicesAsync(cancel: Cancel));
    }

    [Fact]
    public async Task The_hub_keeps_no_secret_of_a_token()
    {
        await using var fleet = await TestFleet.StartAsync();
        var token = await TokenAsync(fleet);
        foreach (string file in Directory.GetFiles(fleet.Folder, "fleet.db*"))
        {
            using FileStream stream = new(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            byte[] bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            Assert.Equal(-1, bytes.AsSpan().IndexOf(token.Secret));
        }
    }

    [Fact]
    public async Task A_token_of_another_fleet_is_noticed_before_its_secret_is_sent()
    {
        await using TestFleet fleet = await TestFleet.StartAsync(), other = await TestFleet.StartAsync();
        var token = await TokenAsync(fleet) with { Address = other.Hub.Address };
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => TestBoard.EnrolAsync(token));
        Assert.Contains("another fleet", e.Message);
        // Whoever answers in place of the hub is refused by the handshake on every later connection.
        var board = await fleet.AddBoardAsync();
        using var channel = FleetChannel.Open(other.Hub.Address, board.Trust);
        var refused =
            await Assert.ThrowsAsync<RpcException>(async () =>
            await new Fleet.FleetClient(channel).AuthorityAsync(new(), cancellationToken: Cancel));
        Assert.Contains("not the hub of this fleet", HubFaults.Line(refused, other.Hub.Address));
    }

    [Fact]
    public async Task A_board_cannot_pass_for_the_hub()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync();
        using var leaf = X509CertificateLoader.LoadCertificate(board.Enrolled.Certificate.Span);
        Assert.Null(board.Trust.Fault(leaf, FleetRole.Device, DateTimeOffset.UtcNow));
        Assert.NotNull(board.Trust.Fault(leaf, FleetRole.Hub, null));
        Assert.NotNull(board.Trust.Fault(leaf, FleetRole.Operator, null));
        Assert.Contains("not valid at this time", board.Trust.Fault(leaf, FleetRole.Device, DateTimeOffset.UtcNow.AddDays(60)));
    }

    [Fact]
    public async Task Every_call_but_the_first_two_is_refused_without_a_certificate_with_a_foreign_one_and_with_a_self_made_one()
    {
        await using TestFleet fleet = await TestFleet.StartAsync(), other = await TestFleet.StartAsync();
        TestBoard board = await fleet.AddBoardAsync(), foreigner = await other.AddBoardAsync();
        using var foreign = X509CertificateLoader.LoadCertificate(foreigner.Enrolled.Certificate.Span);
        using var withKey = foreigner.Key.With(foreign);
        CertificateRequest forged = new(FleetTrust.SubjectOf(FleetRole.Operator, "operator"), foreigner.Key.Key, HashAlgorithmName.SHA256);
        forged.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        using var selfMade = forged.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        foreach (var certificate in (X509Certificate2?[])[null, withKey, selfMade])
        {
            using var channel = FleetChannel.Open(fleet.Hub.Address, board.Trust, certificate);
            foreach (var call in CallsOf(channel))
                Assert.Equal(StatusCode.Unauthenticated, (await RefusalAsync(call)).StatusCode);
            await new Fleet.FleetClient(channel).AuthorityAsync(new(), cancellationToken: Cancel);
        }
    }

    [Fact]
    public async Task Boards_and_operator_have_their_own_calls()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync();
        using var certificate = X509CertificateLoader.LoadCertificate(board.Enrolled.Certificate.Span);
        using var withKey = board.Key.With(certificate);
        using var channel = FleetChannel.Open(fleet.Hub.Address, board.Trust, withKey);
        foreach (var call in OperatorCallsOf(channel))
            Assert.Equal(StatusCode.PermissionDenied, (await RefusalAsync(call)).StatusCode);
        using var identity = OperatorIdentity.Load(fleet.Hub.OperatorFolder);
        using var operators = FleetChannel.Open(fleet.Hub.Address, identity.Trust, identity.Certificate);
        Assert.Equal(StatusCode.PermissionDenied,
            (await RefusalAsync(async () =>
            await new Fleet.FleetClient(operators).CheckInAsync(new(), cancellationToken: Cancel))).StatusCode);
    }

    [Fact]
    public async Task A_revoked_board_is_refused_at_once_on_its_open_connection_and_cannot_enrol_again_with_its_key()
    {
        await using var fleet = await TestFleet.StartAsync();
        var board = await fleet.AddBoardAsync("stolen");
        await board.CheckInAsync();
        await fleet.Operator.RevokeDeviceAsync("stolen", "left in a train", Cancel);
        var status = await RefusalAsync(() => board.CheckInAsync());
        Assert.Equal(StatusCode.PermissionDenied, status.StatusCode);
        Assert.Contains("left in a train", status.Detail);
        Assert.Equal(StatusCode.PermissionDenied,
            (await RefusalAsync(async () => await board.Calls.RenewAsync(new(), cancellationToken: Cancel))).StatusCode);
        var token = await TokenAsync(fleet);
        Assert.Contains("new key", (await RefusalAsync(() => TestBoard.EnrolAsync(token, key: board.Key))).Detail);
        using var fresh = await TestBoard.EnrolAsync(token);
        await fresh.CheckInAsync();
        await fleet.RestartAsync();
        Assert.Equal(StatusCode.PermissionDenied, (await RefusalAsync(() => board.CheckInAsync())).StatusCode);
        Assert.True((await fleet.Operator.GetDeviceAsync(board.Id, Cancel)).Revoked);
    }

    [Fact]
    public async Task A_fetch_under_way_ends_when_its_board_is_revoked()
    {
        await using var fleet = await TestFleet.StartAsync();
        byte[] large = TestFleet.ModelBytes(network: "2000-2000-3");
        var push = await fleet.PushAsync(large);
        var board = await fleet.AddBoardAsync();
        using var call =
            board.Calls.Fetch(new FetchRequest { Digest = push.Digest }, cancellationToken: Cancel);
        Assert.True(await call.ResponseStream.MoveNext(Cancel));
        await fleet.Operator.RevokeDeviceAsync(board.Id, cancel: Cancel);
        int received = call.ResponseStream.Current.Data.Length;
        var e = await Assert.ThrowsAsync<RpcException>(async () =>
        {
            while (await call.ResponseStream.MoveNext(Cancel))
                received += call.ResponseStream.Current.Data.Length;
        });
        Assert.Equal(StatusCode.PermissionDenied, e.StatusCode);
        Assert.InRange(received, 1, large.Length - 1);
    }

    [Fact]
    public async Task An_expired_certificate_is_refused_on_its_open_connection()
    {
        ShiftedClock clock = new();
        await using var fleet = await TestFleet.StartAsync(o => o with { Clock = clock, CertificateLife = TimeSpan.FromHours(1) });
        var board = await fleet.AddBoardAsync();
        await board.CheckInAsync();
        clock.Advance(TimeSpan.FromHours(2));
        var status = await RefusalAsync(() => board.CheckInAsync());
        Assert.Equal(StatusCode.Unauthenticated, status.StatusCode);
        Assert.Contains("expired", status.Detail);
    }

    [Fact]
    public async Task Requests_that_are_no_certificate_requests_are_refused_and_the_token_stays_good()
    {
        await using var fleet = await TestFleet.StartAsync();
        var token = await TokenAsync(fleet);
        using var key = FleetKey.Create();
        using var helper = await fleet.AddBoardAsync();
        using var channel = FleetChannel.Open(fleet.Hub.Address, helper.Trust);
        Fleet.FleetClient calls = new(channel);
        byte[] good = key.CertificateRequest();
        byte[] forged = [.. good];
        forged[^10] ^= 1;  // in the signature: proof of the key fails
        using var rsa = RSA.Create(2048);
        byte[] other = new CertificateRequest("CN=x", rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1).CreateSigningRequest();
        foreach (byte[] bad in (byte[][])[[], [1, 2, 3], good[..^1], forged, other, new byte[100_000]])
        {
            var request = TestBoard.Request(token, key);
            request.CertificateRequest = ByteString.CopyFrom(bad);
            Assert.Equal(StatusCode.InvalidArgument,
                (await RefusalAsync(async () => await calls.EnrollAsync(request, cancellationToken: Cancel))).StatusCode);
        }
        using var board = await TestBoard.EnrolAsync(token, key: key);
        await board.CheckInAsync();
    }

    [Fact]
    public async Task A_board_without_a_clock_joins_and_learns_the_time()
    {
        await using var fleet = await TestFleet.StartAsync();
        var token = await TokenAsync(fleet);
        // FleetChannel.Open without a clock is what such a board uses; EnrolAsync does so. The time comes signed, with the board's nonce.
        using var board = await TestBoard.EnrolAsync(token);
        var learned = HubStatements.Verify(board.Enrolled.Statement, [], board.Enrolled.RoundPublicKey.Span);
        Assert.InRange(learned, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        // A board that believes it is 1970 and checks dates anyway must not connect: the dates are not valid then.
        using var channel = FleetChannel.Open(fleet.Hub.Address, board.Trust, null, () => DateTimeOffset.UnixEpoch);
        await Assert.ThrowsAsync<RpcException>(async () =>
            await new Fleet.FleetClient(channel).AuthorityAsync(new(), cancellationToken: Cancel));
    }

    static IEnumerable<Func<Task>> CallsOf(GrpcChannel channel)
    {
        Fleet.FleetClient fleet = new(channel);
        yield return async () => await fleet.CheckInAsync(new(), cancellationToken: Cancel);
        yield return async () => await fleet.RenewAsync(new(), cancellationToken: Cancel);
        yield return async () => await fleet.ReportAsync(new(), cancellationToken: Cancel);
        yield return async () => await fleet.Fetch(new(), cancellationToken: Cancel).ResponseStream.MoveNext(Cancel);
        foreach (var call in OperatorCallsOf(channel))
            yield return call;
    }

    static IEnumerable<Func<Task>> OperatorCallsOf(GrpcChannel channel)
    {
        Operator.OperatorClient calls = new(channel);
        yield return async () => await calls.GetFleetAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.Push(cancellationToken: Cancel).ResponseAsync;
        yield return async () => await calls.RunRoundAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.GetRoundAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.WatchRound(new(), cancellationToken: Cancel).ResponseStream.MoveNext(Cancel);
        yield return async () => await calls.ListRoundsAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.ListDevicesAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.GetDeviceAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.CreateTokenAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.RevokeAsync(new(), cancellationToken: Cancel);
        yield return async () => await calls.ListTelemetryAsync(new(), cancellationToken: Cancel);
    }
}
