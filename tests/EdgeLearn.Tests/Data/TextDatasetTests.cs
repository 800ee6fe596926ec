using System.Text;
using Xunit;

namespace EdgeLearn.Tests;

public class TextDatasetTests
{
    static TextDataset Open(string text, int steps) => new(new ByteSource(Encoding.Latin1.GetBytes(text), "notes"), steps);

    [Fact]
    public void A_window_s_labels_are_the_bytes_that_follow()
    {
        using var data = Open("abcdefghij", 3);
        Assert.Equal((3, 256, 3, 0), (data.Count, data.ClassCount, data.LabelLength, data.TargetLength));
        float[] input = new float[3];
        int[] labels = new int[3];
        data.ReadInput(1, input);
        data.ReadLabels(1, labels);
        Assert.Equal(['d', 'e', 'f'], input.Select(token => (char)token));
        Assert.Equal(['e', 'f', 'g'], labels.Select(token => (char)token));
        Assert.Equal('g', data.Label(1));
        Assert.Equal('j', data.Label(2));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(700)]
    public void Windows_of_any_length_cover_the_text(int steps)
    {
        string text = new([.. Enumerable.Range(0, 2 * steps + 1).Select(i => (char)(i * 7 % 256))]);
        using var data = Open(text, steps);
        Assert.Equal(2, data.Count);
        float[] input = new float[steps];
        int[] labels = new int[steps];
        for (int i = 0; i < 2; i++)
        {
            data.ReadInput(i, input);
            data.ReadLabels(i, labels);
            Assert.Equal(text.Substring(i * steps, steps), new string([.. input.Select(token => (char)token)]));
            Assert.Equal(text.Substring(i * steps + 1, steps), new string([.. labels.Select(token => (char)token)]));
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("abc")]
    public void Too_short_a_text_is_refused(string text)
        => Assert.Contains($"notes has {text.Length} bytes; a window of 3 and the byte behind it need 4",
            Assert.Throws<EdgeLearnException>(() => Open(text, 3)).Message);
}
