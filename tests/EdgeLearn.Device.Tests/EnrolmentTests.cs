using EdgeLearn.Device;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class EnrolmentTests
{
    static CancellationToken Stop => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_becomes_a_certificate_for_a_key_that_stays_here()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        var clock = new HubClock();
        var identity = await EnrolAsync(folder, hub.NewToken(), clock);
        using var key = folder.Key();
        Assert.Equal(key.Fingerprint.ToString()[..16], identity.DeviceId);
        Assert.Equal(TestFleet.Group, identity.Group);
        Assert.True(hub.Fleet.ReleaseKey.PublicKey.Span.SequenceEqual(identity.ReleaseKey));
        Assert.True(hub.Fleet.RoundKey.PublicKey.Span.SequenceEqual(identity.RoundKey));
        Assert.InRange(clock.Now!.Value, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
        Assert.Equal(identity.DeviceId, folder.ReadIdentity()!.DeviceId);
    }

    [Fact]
    public async Task A_hub_of_another_fleet_never_sees_the_secret()
    {
        await using var ours = await FakeHub.StartAsync();
        await using var other = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => EnrolAsync(folder, ours.NewToken(), hub: other.Address));
        Assert.Contains("another fleet", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, other.Script.EnrollCalls);
        Assert.Null(folder.ReadIdentity());
    }

    [Fact]
    public async Task A_server_with_our_authority_but_a_board_s_certificate_never_sees_the_secret()
    {
        // A stolen board could present the right authority; its own certificate does not make it a hub.
        await using var hub = await FakeHub.StartAsync(FleetRole.Device);
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        var e = await Assert.ThrowsAsync<HubAwayException>(() => EnrolAsync(folder, hub.NewToken()));
        Assert.True(e.Suspect);
        Assert.Contains("is not this fleet's hub", e.Message, StringComparison.Ordinal);
        Assert.Equal(0, hub.Script.EnrollCalls);
    }

    [Fact]
    public async Task An_expired_token_is_refused_in_one_line()
    {
        await using var hub = await FakeHub.StartAsync();
        await AssertRefusedAsync(hub, hub.NewToken(TimeSpan.FromMinutes(-1)), "expired");
    }

    [Fact]
    public async Task A_token_that_another_board_has_used_is_refused_in_one_line()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        string token = hub.NewToken();
        using (var first = new DeviceFolder(temporary["first"])) await EnrolAsync(first, token);
        await AssertRefusedAsync(hub, token, "used by another board");
    }

    [Fact]
    public async Task An_unknown_token_is_refused_in_one_line()
    {
        await using var hub = await FakeHub.StartAsync();
        string forged = EnrolmentToken.Create(hub.Address, hub.Fleet.Trust.Fleet, DateTimeOffset.UtcNow.AddHours(1)).ToString();
        await AssertRefusedAsync(hub, forged, "not known");
    }

    [Fact]
    public async Task A_lost_answer_is_asked_for_again_with_the_same_key()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        string token = hub.NewToken();
        var first = await EnrolAsync(folder, token);
        File.Delete(folder.IdentityPath);
        var second = await EnrolAsync(folder, token);
        Assert.Equal(first.DeviceId, second.DeviceId);
    }

    [Theory]
    [InlineData("authority")]
    [InlineData("certificate")]
    [InlineData("device id")]
    [InlineData("release key")]
    [InlineData("round key")]
    [InlineData("statement")]
    [InlineData("group")]
    public async Task An_answer_with_one_wrong_part_is_refused_and_nothing_is_stored(string part)
    {
        await using var hub = await FakeHub.StartAsync();
        using var other = new TestFleet();
        using var otherKey = FleetKey.Create();
        hub.Script.SpoilEnrollment = answer =>
        {
            if (part == "authority") answer.AuthorityCertificate = ByteString.CopyFrom(other.Trust.AuthorityCertificate);
            if (part == "certificate") answer.Certificate = ByteString.CopyFrom(hub.Script.IssueDevice(otherKey.CertificateRequest()));
            if (part == "device id") answer.DeviceId = "0123456789abcdef";
            if (part == "release key") answer.ReleasePublicKey = ByteString.CopyFrom(1, 2, 3);
            if (part == "round key") answer.RoundPublicKey = ByteString.CopyFrom(other.RoundKey.PublicKey.Span);
            if (part == "statement") answer.Statement.UnixMs++;
            if (part == "group") answer.Group = "";
        };
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => EnrolAsync(folder, hub.NewToken()));
        Assert.DoesNotContain('\n', e.Message);
        Assert.Null(folder.ReadIdentity());
    }

    [Fact]
    public async Task An_agent_without_a_token_says_how_to_get_one()
    {
        using var temporary = new TemporaryFolder();
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() =>
            AgentRun.UntilDoneAsync(temporary["agent"], null, new ScriptedLearner()));
        Assert.Contains("edgelearn device token", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_of_one_fleet_refuses_the_token_of_another()
    {
        await using var ours = await FakeHub.StartAsync();
        await using var other = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        await AgentRun.UntilDoneAsync(temporary["agent"], ours.NewToken(), new ScriptedLearner());
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() =>
            AgentRun.UntilDoneAsync(temporary["agent"], other.NewToken(), new ScriptedLearner()));
        Assert.Contains("belongs to another fleet", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_token_that_was_used_is_ignored_and_a_new_one_enrols_the_same_board_again()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        string token = hub.NewToken();
        var first = await AgentRun.UntilDoneAsync(temporary["agent"], token, new ScriptedLearner());
        await AgentRun.UntilDoneAsync(temporary["agent"], token, new ScriptedLearner());
        Assert.Equal(1, hub.Script.EnrollCalls);
        var again = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        Assert.Equal(2, hub.Script.EnrollCalls);
        Assert.Equal(first.DeviceId, again.DeviceId);
    }

    [Fact]
    public async Task A_board_that_moves_to_another_group_forgets_the_versions_of_the_old_one()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(ScriptedLearner.Model(0.8), 9);
        await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        Assert.Equal(9UL, AgentRun.StateOf(temporary["agent"]).NewestVersion);
        hub.Script.SpoilEnrollment = answer => answer.Group = "elsewhere";
        hub.Script.Offer = null;
        hub.Script.NewestVersion = 0;
        await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        Assert.Equal(0UL, AgentRun.StateOf(temporary["agent"]).NewestVersion);
    }

    [Fact]
    public async Task The_certificate_is_renewed_by_half_of_its_life_and_the_board_stays_the_same()
    {
        await using var hub = await FakeHub.StartAsync();
        // Issued 5 minutes back-dated: with 4 minutes to live, more than half has passed at once.
        hub.Script.CertificateLife = TimeSpan.FromMinutes(4);
        using var temporary = new TemporaryFolder();
        var first = await AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), new ScriptedLearner());
        Assert.Equal(1, hub.Script.RenewCalls);
        hub.Script.CertificateLife = TimeSpan.FromDays(30);
        await AgentRun.UntilDoneAsync(temporary["agent"], null, new ScriptedLearner());
        Assert.Equal(2, hub.Script.RenewCalls);
        var third = await AgentRun.UntilDoneAsync(temporary["agent"], null, new ScriptedLearner());
        Assert.Equal(2, hub.Script.RenewCalls);
        Assert.Equal(first.DeviceId, third.DeviceId);
    }

    static async Task AssertRefusedAsync(FakeHub hub, string token, string expected)
    {
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() => EnrolAsync(folder, token));
        Assert.Contains(expected, e.Message, StringComparison.Ordinal);
        Assert.Contains(hub.Address, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Null(folder.ReadIdentity());
    }

    static Task<DeviceIdentity> EnrolAsync(DeviceFolder folder, string token, HubClock? clock = null, string? hub = null) =>
        Enrolment.EnrolAsync(folder, EnrolmentToken.Parse(token), hub, "board", clock ?? new HubClock(), Stop);
}
