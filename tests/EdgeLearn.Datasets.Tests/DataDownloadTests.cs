using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using EdgeLearn.Datasets;
using Xunit;

namespace EdgeLearn.Tests;

public sealed class DataDownloadTests : IDisposable
{
    static readonly byte[] s_content = [.. Enumerable.Range(0, 300_000).Select(i => (byte)(i * 7))];

    readonly TemporaryFolder _folder = new();
    readonly TcpListener _server = new(IPAddress.Loopback, 0);
    int _requests;

    public DataDownloadTests() => _server.Start();

    public void Dispose()
    {
        _server.Stop();
        _folder.Dispose();
    }

    [Fact]
    public void A_file_is_fetched_once_checked_and_reported()
    {
        Answer(Whole(s_content));
        var progress = new List<DataProgress>();
        Fetch(Set(Address()), progress.Add);
        Assert.Equal(s_content, File.ReadAllBytes(_folder["down/x.gz"]));
        Assert.Equal(new DataProgress("downloading x.gz", 300_000, 300_000), progress[^1]);
        Fetch(Set(Address()));
        Assert.Equal(1, _requests);
        Assert.Single(Directory.GetFiles(_folder["down"]));
    }

    [Fact]
    public void The_next_mirror_is_asked_when_one_fails()
    {
        Answer("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"u8.ToArray(), Whole(s_content));
        Fetch(Set(Address(), Address()));
        Assert.Equal((2, s_content.Length), (_requests, File.ReadAllBytes(_folder["down/x.gz"]).Length));
    }

    [Fact]
    public void A_file_with_a_flipped_bit_is_refused_and_not_kept()
    {
        byte[] flipped = [.. s_content];
        flipped[1000] ^= 1;
        Answer(Whole(flipped));
        Assert.Contains("SHA-256", Refusal());
    }

    [Fact]
    public void A_file_of_another_length_is_refused_by_its_header_alone()
    {
        Answer(Whole(s_content[..^1]));
        Assert.Contains("299999 bytes; expected 300000", Refusal());
    }

    [Fact]
    public void A_body_without_length_is_stopped_at_the_length_expected()
    {
        Answer([.. "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"u8, .. s_content, .. s_content]);
        Assert.Contains("more than the 300000 bytes", Refusal());
    }

    [Fact]
    public void A_body_that_breaks_off_is_refused()
    {
        Answer(Whole(s_content)[..1000]);
        Refusal();
    }

    [Fact]
    public void A_server_that_falls_silent_is_given_up()
    {
        Answer(hold: true, Whole(s_content)[..1000]);
        Assert.Contains("silent", Refusal(TimeSpan.FromSeconds(0.5)));
    }

    [Fact]
    public void Without_a_server_the_error_is_one_line_that_says_what_to_do()
    {
        string address = Address();
        _server.Stop();
        string message = Assert.Throws<EdgeLearnException>(() => Fetch(Set(address))).Message;
        Assert.Contains("put its files into ./data/toy", message);
        Assert.DoesNotContain('\n', message);
    }

    [Fact]
    public void A_folder_that_cannot_be_written_is_named()
    {
        Answer(Whole(s_content));
        _folder.Write("down", []);
        Assert.Contains("cannot write the download", Assert.Throws<EdgeLearnException>(() => Fetch(Set(Address()))).Message);
    }

    string Refusal(TimeSpan? patience = null)
    {
        string message = Assert.Throws<EdgeLearnException>(() => Fetch(Set(Address()), patience: patience)).Message;
        Assert.DoesNotContain('\n', message);
        if (Directory.Exists(_folder["down"])) Assert.Empty(Directory.GetFiles(_folder["down"]));
        return message;
    }

    // The server is a task of this process: on a loaded machine it may be silent for seconds before it answers.
    void Fetch(KnownData known, Action<DataProgress>? progress = null, TimeSpan? patience = null)
    {
        using var download = new DataDownload(_folder["down"], patience ?? TimeSpan.FromMinutes(5), progress);
        download.Fetch(known);
    }

    string Address() => $"http://127.0.0.1:{((IPEndPoint)_server.LocalEndpoint).Port}/";

    static KnownData Set(params string[] mirrors) => new(
        "toy", "toy", [.. mirrors.Select(m => new Uri(m))],
        [new KnownFile("x.gz", s_content.Length, Convert.ToHexStringLower(SHA256.HashData(s_content)))]);

    static byte[] Whole(byte[] content) =>
        [.. Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Length: {content.Length}\r\nConnection: close\r\n\r\n"), .. content];

    void Answer(params byte[][] answers) => Answer(hold: false, answers);

    void Answer(bool hold, params byte[][] answers) => _ = Task.Run(async () =>
    {
        foreach (byte[] answer in answers)
        {
            using var client = await _server.AcceptTcpClientAsync();
            var stream = client.GetStream();
            _ = await stream.ReadAsync(new byte[4096]);
            Interlocked.Increment(ref _requests);
            await stream.WriteAsync(answer);
            if (hold) _ = await stream.ReadAsync(new byte[1]); // until the other side has given up
        }
    });
}
