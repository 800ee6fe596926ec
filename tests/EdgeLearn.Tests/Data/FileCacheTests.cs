using Xunit;

namespace EdgeLearn.Tests;

public class FileCacheTests
{
    static readonly byte[] s_array = ArrayBytes.Idx(8, [200, 50], [.. Enumerable.Range(0, 10_000).Select(i => (double)(i % 251))]);

    [Fact]
    public void A_compressed_file_is_expanded_once_under_its_digest()
    {
        using var folder = new TemporaryFolder();
        byte[] gzip = ArrayBytes.Gzip(s_array);
        string path = folder.Write("x.gz", gzip);
        var cache = new FileCache(folder["cache"]);
        CheckContent(path, cache);
        string kept = Assert.Single(Directory.GetFiles(folder["cache"]));
        Assert.Equal(GzipFile.Digest(path) + ".raw", Path.GetFileName(kept));
        // XXH128 of nothing, as its specification gives it.
        Assert.Equal("99aa06d3014798d86001c324468d497f", GzipFile.Digest(folder.Write("nothing", [])));
        Assert.Equal(s_array, File.ReadAllBytes(kept));
        var time = File.GetLastWriteTimeUtc(kept);
        CheckContent(path, cache);
        Assert.Equal(time, File.GetLastWriteTimeUtc(kept));
        Assert.Null(cache.Notice);
    }

    [Fact]
    public void A_short_cached_file_is_made_again()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.gz", ArrayBytes.Gzip(s_array));
        var cache = new FileCache(folder["cache"]);
        CheckContent(path, cache);
        string kept = Assert.Single(Directory.GetFiles(folder["cache"]));
        File.WriteAllBytes(kept, s_array[..100]);
        CheckContent(path, cache);
        Assert.Equal(s_array.Length, new FileInfo(kept).Length);
    }

    [Fact]
    public void Where_no_cache_can_be_written_the_bytes_are_held_in_memory_and_a_notice_says_so()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.gz", ArrayBytes.Gzip(s_array));

        // A file where the folder should be: no right, not even root's, can write below it.
        var cache = new FileCache(Path.Combine(folder.Write("blocked", []), "cache"));
        CheckContent(path, cache);
        Assert.Contains("held in memory", cache.Notice);
        Assert.DoesNotContain('\n', cache.Notice!);
    }

    [Fact]
    public void A_cache_that_everybody_may_write_is_not_trusted()
    {
        if (OperatingSystem.IsWindows()) return;
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.gz", ArrayBytes.Gzip(s_array));
        CheckContent(path, new FileCache(folder["cache"]));
        byte[] planted = [.. s_array];
        planted[^1] ^= 1;
        File.WriteAllBytes(Assert.Single(Directory.GetFiles(folder["cache"])), planted);
        File.SetUnixFileMode(folder["cache"], (UnixFileMode)0b111_111_111);
        var cache = new FileCache(folder["cache"]);
        CheckContent(path, cache);
        Assert.NotNull(cache.Notice);
    }

    [Fact]
    public void A_compressed_file_cut_at_any_byte_is_refused()
    {
        using var folder = new TemporaryFolder();
        byte[] gzip = ArrayBytes.Gzip(ArrayBytes.Idx(8, [3, 4], 3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5, 8));
        var cache = new FileCache(folder["cache"]);
        for (int length = 0; length < gzip.Length; length++)
        {
            string path = folder.Write("cut.gz", gzip[..length]);
            Assert.DoesNotContain('\n', Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, cache)).Message);
        }

        Assert.True(!Directory.Exists(cache.Folder) || Directory.GetFiles(cache.Folder).Length == 0);
    }

    [Fact]
    public void A_flipped_bit_is_noticed()
    {
        using var folder = new TemporaryFolder();
        byte[] gzip = ArrayBytes.Gzip(s_array);
        gzip[gzip.Length / 2] ^= 4;
        string path = folder.Write("flipped.gz", gzip);
        Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"])));
        Assert.Empty(Directory.GetFiles(folder["cache"]));
    }

    [Fact]
    public void A_bomb_is_stopped_at_what_its_header_promises()
    {
        using var folder = new TemporaryFolder();
        byte[] bomb = ArrayBytes.Gzip([.. ArrayBytes.Idx(8, [1, 10]), .. new byte[50_000_000]]);
        string path = folder.Write("bomb.gz", bomb);
        var error = Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"])));
        Assert.Contains("limit of 22 bytes", error.Message);
        Assert.Empty(Directory.GetFiles(folder["cache"]));
    }

    [Fact]
    public void A_promise_beyond_the_limit_is_refused_before_anything_is_written()
    {
        using var folder = new TemporaryFolder();
        byte[] bomb = ArrayBytes.Gzip([.. ArrayBytes.Idx(8, [1000, 50_000]), .. new byte[50_000_000]]);
        string path = folder.Write("bomb.gz", bomb);
        var error = Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"], limitBytes: 1_000_000)));
        Assert.Contains("the limit is 1000000", error.Message);
        Assert.False(Directory.Exists(folder["cache"]));
    }

    [Fact]
    public void A_promise_that_the_compressed_bytes_cannot_hold_is_refused_at_once()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("lie.gz", ArrayBytes.Gzip(ArrayBytes.Idx(8, [1000, 1000])));
        Assert.Contains("cannot hold",
            Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(path, new FileCache(folder["cache"]))).Message);
    }

    [Fact]
    public async Task Many_readers_that_expand_the_same_file_at_once_all_see_it_whole()
    {
        using var folder = new TemporaryFolder();
        string path = folder.Write("x.gz", ArrayBytes.Gzip(s_array));
        await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => Task.Run(() => CheckContent(path, new FileCache(folder["cache"])))));
        Assert.Equal(s_array, File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder["cache"]))));
    }

    [Fact]
    public void Parts_that_a_killed_process_left_are_removed_after_a_day()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["cache"]);
        string old = folder.Write("cache/a.part", [1]);
        string young = folder.Write("cache/b.part", [1]);
        File.SetLastWriteTimeUtc(old, DateTime.UtcNow.AddDays(-2));
        CheckContent(folder.Write("x.gz", ArrayBytes.Gzip(s_array)), new FileCache(folder["cache"]));
        Assert.False(File.Exists(old));
        Assert.True(File.Exists(young));
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        using var folder = new TemporaryFolder();
        var error = Assert.Throws<EdgeLearnException>(() => ArrayFile.Open(folder["none.idx"], new FileCache(folder["cache"])));
        Assert.Contains("none.idx", error.Message);
    }

    static void CheckContent(string path, FileCache cache)
    {
        using var file = ArrayFile.Open(path, cache);
        float[] row = new float[50];
        file.Read(199, row);
        Assert.Equal([.. s_array[^50..].Select(b => (float)b)], row);
    }
}
