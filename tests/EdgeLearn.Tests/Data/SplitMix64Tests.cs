using Xunit;

namespace EdgeLearn.Tests;

public class SplitMix64Tests
{
    [Fact]
    public void The_stream_of_1234567_is_the_published_one()
    {
        // Rosetta Code, "Pseudo-random numbers/Splitmix64".
        var random = new SplitMix64(1234567);
        ulong[] expected = [6457827717110365317, 3203168211198807973, 9817491932198370423, 4593380528125082431, 16408922859458223821];
        foreach (ulong word in expected) Assert.Equal(word, random.Next());
    }

    [Fact]
    public void A_stream_goes_on_from_its_state()
    {
        var random = new SplitMix64(3);
        random.Next();
        var copy = new SplitMix64(random.State);
        Assert.Equal(random.Next(), copy.Next());
    }

    [Fact]
    public void Doubles_fill_the_open_unit_interval()
    {
        var random = new SplitMix64(4);
        double sum = 0, squares = 0;
        const int Count = 100_000;
        for (int i = 0; i < Count; i++)
        {
            double u = random.NextDouble();
            Assert.True(u is > 0 and < 1);
            sum += u;
            squares += u * u;
        }

        Assert.InRange(sum / Count, 0.495, 0.505);
        Assert.InRange(squares / Count, 0.328, 0.338);
    }
}
