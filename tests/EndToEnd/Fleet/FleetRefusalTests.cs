using Xunit;

namespace EdgeLearn.Tests;

/// <summary>A hub without boards, shared by the tests of a class.</summary>
public sealed class OneHub : IDisposable
{
    internal FleetOfProcesses Fleet { get; } = new();

    public void Dispose() => Fleet.Dispose();
}

/// <summary>What a fleet refuses: one line and exit code 1 from whichever program met it.</summary>
public class FleetRefusalTests(OneHub hub) : IClassFixture<OneHub>
{
    FleetOfProcesses Fleet => hub.Fleet;

    [Fact]
    public void A_token_lets_one_board_in_once()
    {
        string token = Fleet.Token();
        Assert.Equal(0, Fleet.Board("first", "--token", token, "--once").ExitCode);
        Assert.Contains("used already", FleetOfProcesses.OneLine(Fleet.Board("second", "--token", token)), StringComparison.Ordinal);
        Assert.Equal(0, Fleet.Board("first", "--once").ExitCode);
    }

    [Fact]
    public void A_token_expires()
    {
        string token = Fleet.Token("--life", "1s");
        Thread.Sleep(2100); // a token's expiry is written in whole seconds
        Assert.Contains("expired", FleetOfProcesses.OneLine(Fleet.Board("late", "--token", token)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_token_can_be_taken_back()
    {
        var token = Fleet.Ask("device", "token");
        Fleet.Ask("device", "revoke", "--token", token.GetProperty("token_id").GetString()!);
        Assert.Contains("revoked", FleetOfProcesses.OneLine(Fleet.Board("unwanted", "--token", token.GetProperty("token").GetString()!)),
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_token_is_told_from_a_wrong_one()
    {
        string token = Fleet.Token();
        char other = token[20] == 'A' ? 'B' : 'A';
        Assert.Contains("damaged", FleetOfProcesses.OneLine(Fleet.Board("typo", "--token", token[..20] + other + token[21..])),
            StringComparison.Ordinal);
        Assert.Contains("el1.", FleetOfProcesses.OneLine(Fleet.Board("typo", "--token", "letmein")), StringComparison.Ordinal);
    }

    [Fact]
    public void A_board_without_a_token_is_told_how_to_get_one() =>
        Assert.Contains("edgelearn device token", FleetOfProcesses.OneLine(Fleet.Board("nobody")), StringComparison.Ordinal);

    [Fact]
    public void A_revoked_board_is_refused_at_once_and_for_good()
    {
        var board = Fleet.StartBoard("stolen", "--token", Fleet.Token());
        board.WaitForError("enrolled");
        Fleet.Ask("device", "revoke", "stolen", "--reason", "left in a taxi");
        Assert.Contains("left in a taxi", FleetOfProcesses.OneLine(board.WaitForExit()), StringComparison.Ordinal);
        Assert.Contains("revoked", FleetOfProcesses.OneLine(Fleet.Board("stolen")), StringComparison.Ordinal);
        Assert.Contains("revoked", Fleet.Cli("device", "list").Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Boards_and_operators_of_another_fleet_are_strangers()
    {
        using var other = new FleetOfProcesses();
        Assert.NotEqual(other.Served.GetProperty("fleet").GetString(), Fleet.Served.GetProperty("fleet").GetString());
        Assert.Contains("not the hub of this fleet", Fleet.Refusal("device", "list", "--hub", other.Address), StringComparison.Ordinal);
        Assert.Equal(0, Fleet.Board("guest", "--token", Fleet.Token(), "--once").ExitCode);
        Assert.Contains("not this fleet's hub", FleetOfProcesses.OneLine(Fleet.Board("guest", "--hub", other.Address, "--once")),
            StringComparison.Ordinal);
        FleetOfProcesses.OneLine(Fleet.Board("misled", "--token", Fleet.Token(), "--hub", other.Address));
        Assert.Empty(other.Ask("device", "list").GetProperty("devices").EnumerateArray());
    }

    [Fact]
    public void A_hub_that_is_away_is_one_line_for_the_operator_and_a_wait_for_the_board()
    {
        using var fleet = new FleetOfProcesses();
        Assert.Equal(0, fleet.Board("patient", "--token", fleet.Token(), "--once").ExitCode);
        fleet.Hub.Terminate();
        Assert.Equal(0, fleet.Hub.WaitForExit().ExitCode);
        Assert.Contains("does not answer", fleet.Refusal("device", "list"), StringComparison.Ordinal);
        Assert.Contains("does not answer", fleet.Refusal("round", "run"), StringComparison.Ordinal);
        var board = fleet.StartBoard("patient", "--once");
        board.WaitForError("waiting for it");
        fleet.StartHub();
        Assert.Equal(0, board.WaitForExit().ExitCode);
    }

    [Fact]
    public void A_port_or_a_folder_that_is_taken_is_one_line()
    {
        string port = $"{new Uri(Fleet.Address).Port}";
        string taken =
            FleetOfProcesses.OneLine(
            RunningProgram.Run(Programs.Cli, Path.GetTempPath(), "serve", "--folder", Fleet.PathOf("beside"), "--port", port));
        Assert.Contains($"port {port}", taken, StringComparison.Ordinal);
        Assert.Contains("--port", taken, StringComparison.Ordinal);
        Assert.Contains("another hub runs in it", Fleet.Refusal("serve", "--port", "0"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_with_a_flipped_bit_on_the_hubs_disk_is_used_by_nobody()
    {
        using var fleet = new FleetOfProcesses();
        fleet.Ask("push", fleet.Model());
        string stored = Assert.Single(Directory.GetFiles(Path.Combine(fleet.HubFolder, "artefacts"), "*", SearchOption.AllDirectories));
        byte[] bytes = File.ReadAllBytes(stored);
        bytes[^100] ^= 1;
        File.WriteAllBytes(stored, bytes);
        var board = fleet.Board("careful", "--token", fleet.Token(), "--once");
        Assert.Equal(0, board.ExitCode);
        var shown = fleet.Ask("device", "show", "careful");
        Assert.Equal(0, shown.GetProperty("model_version").GetInt32());
        Assert.Equal("refused", shown.GetProperty("last_outcome").GetProperty("kind").GetString());
        Assert.Contains("damaged", fleet.Refusal("round", "run"), StringComparison.Ordinal);
    }

    [Fact]
    public void What_cannot_be_pushed_is_one_line()
    {
        using var fleet = new FleetOfProcesses();
        Assert.Contains("push one first", fleet.Refusal("round", "run"), StringComparison.Ordinal);
        Assert.Contains("there is no model file", fleet.Refusal("push", "missing.safetensors"), StringComparison.Ordinal);
        string text = fleet.PathOf("text.safetensors");
        File.WriteAllText(text, "not a model, but long enough for a header");
        Assert.Contains("text.safetensors", fleet.Refusal("push", text), StringComparison.Ordinal);
        Assert.Equal(5, fleet.Ask("push", fleet.Model(), "--as-version", "5").GetProperty("version").GetInt32());
        Assert.Contains("roll-back refused", fleet.Refusal("push", fleet.Model(2), "--as-version", "4"), StringComparison.Ordinal);
        string stranger = fleet.PathOf("stranger.key");
        using (var key = System.Security.Cryptography.ECDsa.Create(System.Security.Cryptography.ECCurve.NamedCurves.nistP256))
            File.WriteAllText(stranger, key.ExportPkcs8PrivateKeyPem());
        Assert.Contains("signature", fleet.Refusal("push", fleet.Model(2), "--release-key", stranger), StringComparison.Ordinal);
        Assert.Contains("another group", fleet.Ask("push", fleet.Model(), "--to", "another").GetProperty("group").GetString() + " group",
            StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("there is no board 'ghost'", "device", "show", "ghost")]
    [InlineData("there is no board 'ghost'", "device", "revoke", "ghost")]
    [InlineData("there is no board 'ghost'", "telemetry", "--device", "ghost")]
    [InlineData("--life soon: expected a time", "device", "token", "--life", "soon")]
    [InlineData("--hub ftp://x: expected an address", "device", "list", "--hub", "ftp://x")]
    [InlineData("unknown rule 'magic'", "round", "run", "--rule", "magic")]
    [InlineData("--codec morse: expected float32, sign, records", "round", "run", "--codec", "morse")]
    [InlineData("--codec records carries the steps of --rule zo alone", "round", "run", "--codec", "records", "--rule", "tpsgd")]
    [InlineData("--rounds 0: expected 1 or more", "round", "run", "--rounds", "0")]
    [InlineData("--lr nan: expected a number above 0", "round", "run", "--lr", "nan")]
    [InlineData("there is no round 99", "round", "watch", "99")]
    [InlineData("unknown option '--groop': did you mean --group?", "device", "list", "--groop", "x")]
    public void Bad_input_of_the_operator_is_one_line(string expected, params string[] arguments) =>
        Assert.Contains(expected, Fleet.Refusal(arguments), StringComparison.Ordinal);

    [Fact]
    public void A_folder_without_a_hub_and_an_unknown_command_are_one_line()
    {
        string folder = Fleet.PathOf("empty");
        Assert.Contains("edgelearn serve",
            FleetOfProcesses.OneLine(RunningProgram.Run(Programs.Cli, Path.GetTempPath(), "device", "list", "--folder", folder)),
            StringComparison.Ordinal);
        Assert.Contains("did you mean round?", FleetOfProcesses.OneLine(RunningProgram.Run(Programs.Cli, Path.GetTempPath(), "rund")),
            StringComparison.Ordinal);
    }
}
