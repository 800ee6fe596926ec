using System.Runtime.Versioning;
using EdgeLearn.Device;
using EdgeLearn.Protocol;
using Google.Protobuf;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class DeviceFolderTests
{
    static readonly DeviceIdentity s_identity = new()
    {
        Hub = "https://127.0.0.1:1",
        DeviceId = "0123456789abcdef",
        Group = "default",
        Authority = [1, 2],
        Certificate = [3],
        ReleaseKey = [4],
        RoundKey = [5],
    };

    [Fact]
    [SupportedOSPlatform("linux")]
    public void Folder_and_files_are_their_owner_s_alone()
    {
        using var temporary = new TemporaryFolder();
        string root = temporary["agent"];
        Directory.CreateDirectory(root,
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.OtherRead);
        using var folder = new DeviceFolder(root);
        folder.Key().Dispose();
        folder.Write(s_identity);
        folder.Write(new DeviceState());
        folder.Write(0, _ => { }, () => new ReportRequest());
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(root));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.Models));
        foreach (string path in Directory.EnumerateFiles(root))
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Fact]
    public void A_second_agent_in_the_same_folder_is_refused_and_the_lock_ends_with_the_first()
    {
        using var temporary = new TemporaryFolder();
        using (new DeviceFolder(temporary["agent"]))
        {
            var refused = Assert.Throws<EdgeLearnException>(() => new DeviceFolder(temporary["agent"]));
            Assert.Contains("in use by another process", refused.Message, StringComparison.Ordinal);
        }

        new DeviceFolder(temporary["agent"]).Dispose();
    }

    [Fact]
    public void What_was_written_is_read_back()
    {
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        Assert.Null(folder.ReadIdentity());
        Assert.Null(folder.ReadReport());
        Assert.Equal(0UL, folder.ReadState().NewestVersion);
        var state = new DeviceState
        {
            Current = new KeptModel(new string('a', 64), 7),
            NewestVersion = 7,
            NewestRelease = 5,
            Outcomes = [new KeptOutcome(new string('b', 64), OfferOutcome.Types.Kind.ScoredWorse, 0.5, 0.25, "why")],
            Trial = new Venture("c", 1),
        };
        folder.Write(s_identity);
        folder.Write(state);
        folder.Write(3, file => file.Write([1, 2, 3]), () => new ReportRequest { Attempt = ByteString.CopyFrom(7) });
        Assert.Equal(s_identity.DeviceId, folder.ReadIdentity()!.DeviceId);
        Assert.Equal(s_identity.Certificate, folder.ReadIdentity()!.Certificate);
        var read = folder.ReadState();
        Assert.Equal(state.Current, read.Current);
        Assert.Null(read.Previous);
        Assert.Equal((7UL, 5UL), (read.NewestVersion, read.NewestRelease));
        Assert.Equal(state.Outcomes, read.Outcomes);
        Assert.Equal(state.Trial, read.Trial);
        using (var report = folder.ReadReport()!)
        {
            byte[] tail = new byte[2];
            report.Read(1, tail);
            Assert.Equal((ByteString.CopyFrom(7), 3L), (report.Message.Attempt, report.Length));
            Assert.Equal([2, 3], tail);
        }

        // The file is one message, which other programs read as well.
        Assert.Equal([1, 2, 3], ReportRequest.Parser.ParseFrom(File.ReadAllBytes(folder.ReportPath)).Data.ToByteArray());
        folder.DeleteReport();
        Assert.Null(folder.ReadReport());
    }

    // A power cut before the rename leaves the new content beside the old file, cut at any byte.
    [Theory]
    [InlineData("identity.json")]
    [InlineData("state.json")]
    [InlineData("report")]
    public void A_power_cut_within_a_write_leaves_the_old_file_whole(string name)
    {
        using var temporary = new TemporaryFolder();
        string path = Path.Combine(temporary["agent"], name);
        using (var folder = new DeviceFolder(temporary["agent"]))
        {
            folder.Write(s_identity);
            folder.Write(new DeviceState { NewestVersion = 41 });
            folder.Write(1, file => file.WriteByte(9), () => new ReportRequest { Attempt = ByteString.CopyFrom(7) });
        }

        byte[] whole = File.ReadAllBytes(path);
        for (int length = 0; length <= whole.Length; length += Math.Max(1, whole.Length / 10))
        {
            string beside = path + ".4711.1.new";
            File.WriteAllBytes(beside, whole[..length]);
            using var folder = new DeviceFolder(temporary["agent"]);
            Assert.Equal(s_identity.Group, folder.ReadIdentity()!.Group);
            Assert.Equal(41UL, folder.ReadState().NewestVersion);
            using var report = folder.ReadReport()!;
            Assert.Equal(1, report.Length);
            Assert.False(File.Exists(beside));
        }
    }

    [Fact]
    public void A_key_is_made_once_and_is_never_replaced()
    {
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        using var first = folder.Key();
        using var second = folder.Key();
        Assert.Equal(first.Fingerprint, second.Fingerprint);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("{\"newest_version\":\"x\"}")]
    [InlineData("{\"current\":{\"digest\":\"no digest\",\"version\":1}}")]
    [InlineData("{\"previous\":{\"digest\":\"abcd\",\"version\":1}}")]
    [InlineData("{\"current\":{\"version\":1}}")]
    public void A_damaged_state_is_one_clear_line_and_is_not_overwritten(string text)
    {
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        File.WriteAllText(folder.StatePath, text);
        var e = Assert.Throws<EdgeLearnException>(folder.ReadState);
        Assert.Contains("state.json is damaged", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        Assert.Equal(text, File.ReadAllText(folder.StatePath));
    }

    // As versions before this one wrote it: fields in the order of their numbers, telemetry behind the data.
    [Fact]
    public void A_report_of_an_earlier_version_is_read()
    {
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        var whole = new ReportRequest
        {
            Attempt = ByteString.CopyFrom(7),
            Header = ByteString.CopyFrom(new byte[9000]),
            Data = ByteString.CopyFrom(1, 2, 3),
            Telemetry = new Telemetry { Round = 5 },
        };
        File.WriteAllBytes(folder.ReportPath, whole.ToByteArray());
        using var report = folder.ReadReport()!;
        byte[] data = new byte[3];
        report.Read(0, data);
        Assert.Equal(whole.Data, ByteString.CopyFrom(data));
        whole.Data = ByteString.Empty;
        Assert.Equal(whole, report.Message);
        File.WriteAllBytes(folder.ReportPath, File.ReadAllBytes(folder.ReportPath)[..9005]);
        Assert.Null(folder.ReadReport());
    }

    [Fact]
    public void A_damaged_report_counts_as_none()
    {
        using var temporary = new TemporaryFolder();
        using var folder = new DeviceFolder(temporary["agent"]);
        File.WriteAllBytes(folder.ReportPath, [0xFF, 0xFF, 0xFF]);
        Assert.Null(folder.ReadReport());
        Assert.False(File.Exists(folder.ReportPath));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_one_clear_line()
    {
        using var temporary = new TemporaryFolder();
        File.WriteAllText(temporary["file"], "");
        var e = Assert.Throws<EdgeLearnException>(() => new DeviceFolder(Path.Combine(temporary["file"], "agent")));
        Assert.Contains("cannot be used", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }
}
