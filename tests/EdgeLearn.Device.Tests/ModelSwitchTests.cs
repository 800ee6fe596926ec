using EdgeLearn.Device;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Xunit;
using Outcome = EdgeLearn.Protocol.OfferOutcome.Types.Kind;

namespace EdgeLearn.Tests;

public sealed class ModelSwitchTests
{
    static readonly byte[] s_good = ScriptedLearner.Model(0.80);
    static readonly byte[] s_better = ScriptedLearner.Model(0.90);
    static readonly byte[] s_worse = ScriptedLearner.Model(0.60);

    [Fact]
    public async Task A_pushed_model_is_fetched_tried_and_used_and_the_old_one_is_kept()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var first = hub.Script.Push(s_good, 3);
        await RunAsync(hub, temporary);
        var second = hub.Script.Push(s_better, 4);
        await RunAsync(hub, temporary);
        var state = AgentRun.StateOf(temporary["agent"]);
        Assert.Equal(second.Digest, state.Current!.Key);
        Assert.Equal(first.Digest, state.Previous!.Key);
        Assert.Equal(s_better, File.ReadAllBytes(Path.Combine(temporary["agent"], "models", second.Digest.ToString())));
        Assert.Equal(s_good, File.ReadAllBytes(Path.Combine(temporary["agent"], "models", first.Digest.ToString())));
        Assert.Equal([Outcome.Switched, Outcome.Switched], hub.Script.Outcomes.Select(o => o.Kind));
        Assert.Equal(0.8, hub.Script.Outcomes[1].AccuracyBefore);
        Assert.Equal(0.9, hub.Script.Outcomes[1].AccuracyAfter);
        Assert.Equal(4UL, hub.Script.CheckIns[^1].ModelVersion);
    }

    [Fact]
    public async Task Only_the_model_in_use_and_the_one_before_stay_on_the_disk()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        for (int i = 0; i < 4; i++)
        {
            hub.Script.Push(ScriptedLearner.Model(0.8, $"model {i}"), (ulong)(i + 1));
            await RunAsync(hub, temporary);
        }

        // The one before the last two goes when the next one is fetched.
        Assert.InRange(Directory.GetFiles(Path.Combine(temporary["agent"], "models")).Length, 2, 3);
    }

    [Fact]
    public async Task A_model_that_is_worse_on_the_held_out_examples_is_declined_and_the_old_one_stays()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var first = hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        hub.Script.Push(s_worse, 2);
        await RunAsync(hub, temporary);
        Assert.Equal(first.Digest, AgentRun.StateOf(temporary["agent"]).Current!.Key);
        Assert.Equal(Outcome.ScoredWorse, hub.Script.Outcomes[^1].Kind);
        Assert.Equal(0.6, hub.Script.Outcomes[^1].AccuracyAfter);
    }

    [Fact]
    public async Task A_flipped_bit_is_refused_and_never_stored()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var first = hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        var manifest = hub.Script.Push(s_better, 2);
        byte[] flipped = [.. s_better];
        flipped[777] ^= 1;
        hub.Script.Artefacts[manifest.Digest] = flipped;
        await RunAsync(hub, temporary);
        AssertRefused(hub, temporary, first.Digest, "arrived damaged");
        Assert.False(File.Exists(Path.Combine(temporary["agent"], "models", manifest.Digest.ToString())));
    }

    [Theory]
    [InlineData("signature", "signature")]
    [InlineData("wrong key", "signature")]
    [InlineData("other fleet", "signature")]
    [InlineData("other group", "group")]
    [InlineData("old version", "roll-back refused")]
    [InlineData("old push", "roll-back refused")]
    [InlineData("too many generations", "allows")]
    [InlineData("freeze", "freeze refused")]
    [InlineData("too long", "signed were 100")]
    [InlineData("broken", "this is no model")]
    public async Task An_offer_that_may_not_be_used_is_refused_and_the_old_model_stays(string attack, string expected)
    {
        await using var hub = await FakeHub.StartAsync();
        using var other = new TestFleet();
        using var temporary = new TemporaryFolder();
        var fleet = hub.Fleet;
        var first = hub.Script.Push(s_good, 10);
        await RunAsync(hub, temporary);
        var manifest = hub.Script.Push(s_better, 11);
        var oldPush = fleet.Push("an older push"u8.ToArray(), 9);
        if (attack == "signature") hub.Script.Offer!.Artefact.Signature = ByteString.CopyFrom(new byte[64]);
        if (attack == "wrong key") hub.Script.Offer = fleet.Offer(manifest, signer: fleet.RoundKey);
        if (attack == "other fleet") hub.Script.Offer = other.Offer(other.Push(s_better, 11));
        if (attack == "other group") hub.Script.Offer = fleet.Offer(fleet.Push(s_better, 11, group: "elsewhere"));
        if (attack == "old version") hub.Script.Offer = fleet.Offer(fleet.Push(s_better, 10));
        if (attack == "old push") hub.Script.Offer = fleet.Offer(fleet.Successor(s_better, 11, oldPush, 1), oldPush);
        if (attack == "too many generations") hub.Script.Offer = Barren(fleet);
        if (attack == "freeze") hub.Script.NewestVersion = 12;
        if (attack == "too long") hub.Script.Offer = fleet.Offer(manifest with { SizeBytes = 100 });
        if (attack == "broken") hub.Script.Push("broken"u8.ToArray(), 11);
        await RunAsync(hub, temporary);
        AssertRefused(hub, temporary, first.Digest, expected);
    }

    static ArtefactOffer Barren(TestFleet fleet)
    {
        var origin = fleet.Push("a push without successors"u8.ToArray(), 10, generationLimit: 0);
        return fleet.Offer(fleet.Successor(s_better, 11, origin, 1), origin);
    }

    [Fact]
    public async Task A_successor_of_a_push_that_the_round_key_signed_is_used()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var push = hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        var successor = hub.Fleet.Successor(s_better, 2, push, 1);
        hub.Script.Artefacts[successor.Digest] = s_better;
        hub.Script.Offer = hub.Fleet.Offer(successor, push);
        hub.Script.NewestVersion = 2;
        await RunAsync(hub, temporary);
        Assert.Equal(successor.Digest, AgentRun.StateOf(temporary["agent"]).Current!.Key);
    }

    [Fact]
    public async Task A_model_that_kills_the_process_twice_is_not_tried_a_third_time()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var first = hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        hub.Script.Push(ScriptedLearner.Model(0.9, "deadly"), 2);
        int deaths = 0;
        var learner = new ScriptedLearner { OnScore = text => Die(text.Contains("deadly", StringComparison.Ordinal), ref deaths) };
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(hub, temporary, learner));
        await Assert.ThrowsAsync<InvalidOperationException>(() => RunAsync(hub, temporary, learner));
        await RunAsync(hub, temporary, learner);
        Assert.Equal(2, deaths);
        AssertRefused(hub, temporary, first.Digest, "ended 2 times");
    }

    static void Die(bool now, ref int deaths)
    {
        if (!now) return;
        deaths++;
        throw new InvalidOperationException("as good as a kill");
    }

    [Fact]
    public async Task At_start_a_model_that_cannot_be_loaded_any_more_gives_way_to_the_one_before()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var first = hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        var second = hub.Script.Push(s_better, 2);
        await RunAsync(hub, temporary);
        var learner = new ScriptedLearner { OnScore = text => Refuse(text.StartsWith("0.90", StringComparison.Ordinal)) };
        await RunAsync(hub, temporary, learner);
        var state = AgentRun.StateOf(temporary["agent"]);
        Assert.Equal(first.Digest, state.Current!.Key);
        Assert.Equal(2UL, state.NewestVersion);
        Assert.Contains(hub.Script.Outcomes, o => o.Kind == Outcome.RolledBack && new Digest(o.Digest.Span) == second.Digest);
    }

    static void Refuse(bool now)
    {
        if (now) throw new EdgeLearnException("this version needs a newer program");
    }

    [Fact]
    public async Task At_start_with_data_that_fits_no_model_any_more_the_agent_stops_and_changes_nothing()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        hub.Script.Push(s_better, 2);
        await RunAsync(hub, temporary);
        string before = File.ReadAllText(Path.Combine(temporary["agent"], "state.json"));
        var e = await Assert.ThrowsAsync<EdgeLearnException>(() =>
            RunAsync(hub, temporary, new ScriptedLearner { OnScore = _ => Refuse(true) }));
        Assert.Contains("version 2, in use here so far", e.Message, StringComparison.Ordinal);
        Assert.Equal(before, File.ReadAllText(Path.Combine(temporary["agent"], "state.json")));
    }

    [Fact]
    public async Task A_model_that_the_disk_does_not_take_is_no_refusal_and_is_used_once_there_is_room()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var first = hub.Script.Push(s_good, 1);
        await RunAsync(hub, temporary);
        var second = hub.Script.Push(s_better, 2);
        // A folder lies where the transfer wants to write: the disk says no until it is gone.
        string inTheWay = Path.Combine(temporary["agent"], "models", second.Digest + ".part");
        Directory.CreateDirectory(inTheWay);
        int offers = 0;
        hub.Script.SpoilCheckIn = answer =>
        {
            if (answer.Offer is null || ++offers < 3) return;
            if (offers == 3) Directory.Delete(inTheWay);
        };
        await RunAsync(hub, temporary);
        Assert.True(offers >= 3);
        Assert.DoesNotContain(hub.Script.Outcomes, o => o.Kind == Outcome.Refused);
        var state = AgentRun.StateOf(temporary["agent"]);
        Assert.Equal((second.Digest, first.Digest), (state.Current!.Key, state.Previous!.Key));
    }

    [Fact]
    public async Task A_model_that_rots_on_the_disk_is_fetched_again()
    {
        await using var hub = await FakeHub.StartAsync();
        using var temporary = new TemporaryFolder();
        var manifest = hub.Script.Push(s_good, 5);
        await RunAsync(hub, temporary);
        string path = Path.Combine(temporary["agent"], "models", manifest.Digest.ToString());
        byte[] rotten = File.ReadAllBytes(path);
        rotten[4000] ^= 8;
        File.WriteAllBytes(path, rotten);
        await RunAsync(hub, temporary);
        Assert.Equal(s_good, File.ReadAllBytes(path));
        Assert.Equal(manifest.Digest, AgentRun.StateOf(temporary["agent"]).Current!.Key);
    }

    static Task<DeviceRun> RunAsync(FakeHub hub, TemporaryFolder temporary, ScriptedLearner? learner = null) =>
        AgentRun.UntilDoneAsync(temporary["agent"], hub.NewToken(), learner ?? new ScriptedLearner());

    static void AssertRefused(FakeHub hub, TemporaryFolder temporary, Digest current, string reason)
    {
        Assert.Equal(current, AgentRun.StateOf(temporary["agent"]).Current!.Key);
        var outcome = hub.Script.Outcomes[^1];
        Assert.Equal(Outcome.Refused, outcome.Kind);
        Assert.Contains(reason, outcome.Reason, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', outcome.Reason);
        Assert.InRange(outcome.Reason.Length, 1, 200);
    }
}
