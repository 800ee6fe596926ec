using EdgeLearn.Results;
using Xunit;

namespace EdgeLearn.Tests;

public class ResultStoreTests
{
    static ResultEntry Entry(string key, double accuracy, string? failure = null)
        => new("row", "job " + key, key, 1.5, new Dictionary<string, double> { ["accuracy"] = accuracy, ["lost"] = double.NaN }, failure);

    [Fact]
    public void What_was_stored_is_there_when_it_is_opened_again()
    {
        using var folder = new TemporaryFolder();
        string path = folder["deep/store.jsonl"];
        using (var store = new ResultStore(path))
        {
            store.Add(Entry("a", 0.1));
            store.Add(Entry("b", 0.2, "the loss ran \"away\""));
            store.Add(Entry("a", 0.3));
        }

        using var again = new ResultStore(path);
        Assert.Equal(0.3, again.Find("a")!.Values["accuracy"]);
        Assert.DoesNotContain("lost", again.Find("a")!.Values.Keys);
        Assert.Equal("the loss ran \"away\"", again.Find("b")!.Failure);
        Assert.Null(again.Find("c"));
        Assert.Equal(1.5, again.SecondsOf("row", "job b"));
        Assert.Null(again.SecondsOf("other", "job b"));
    }

    [Fact]
    public void A_line_that_a_crash_cut_short_costs_that_line_alone()
    {
        using var folder = new TemporaryFolder();
        string path = folder["store.jsonl"];
        using (var store = new ResultStore(path))
        {
            store.Add(Entry("a", 0.1));
            store.Add(Entry("b", 0.2));
        }

        byte[] whole = File.ReadAllBytes(path);
        int second = Array.IndexOf(whole, (byte)'\n') + 1;
        for (int length = second; length < whole.Length - 1; length += 7)
        {
            File.WriteAllBytes(path, whole[..length]);
            using (var cut = new ResultStore(path))
            {
                Assert.NotNull(cut.Find("a"));
                Assert.Null(cut.Find("b"));
                cut.Add(Entry("c", 0.4));
            }

            using var mended = new ResultStore(path);
            Assert.Equal(0.4, mended.Find("c")!.Values["accuracy"]);
        }
    }

    [Fact]
    public void Two_runs_do_not_write_one_store()
    {
        using var folder = new TemporaryFolder();
        using var store = new ResultStore(folder["store.jsonl"]);
        Assert.Contains("cannot keep results in", Assert.Throws<EdgeLearnException>(() => new ResultStore(folder["store.jsonl"])).Message);
    }
}
