using System.Globalization;
using Xunit;

namespace EdgeLearn.Tests;

public class SettingTableTests
{
    /// <summary>A record with a property of every kind.</summary>
    sealed record Sample : Settings
    {
        static readonly IReadOnlyList<Setting> s_rows = new SettingTable<Sample>(new())
            .Number("rate", "", s => s.Rate, (s, x) => s with { Rate = x }, Limits.Above(0))
            .Number("share", "", s => s.Share, (s, x) => s with { Share = x }, Limits.From(0).Below(1))
            .OptionalNumber("scale", "", s => s.Scale, (s, x) => s with { Scale = x }, Limits.From(0).To(2))
            .Whole("count", "", s => s.Count, (s, x) => s with { Count = x }, Limits.From(1).To(9))
            .Whole("seed", "", s => s.Seed, (s, x) => s with { Seed = x }, Limits.From(0))
            .Flag("quiet", "", s => s.Quiet, (s, x) => s with { Quiet = x }, changesBits: _ => false)
            .Word("noise", "", s => s.Noise, (s, x) => s with { Noise = x }, [("sign", NoiseKind.Sign), ("gaussian", NoiseKind.Gaussian)])
            .Text("pattern", "", "PATTERN", s => s.Pattern, (s, x) => s with { Pattern = x }).Rows;

        public float Rate { get; init; } = 0.5f;

        public double Share { get; init; }

        public float? Scale { get; init; }

        public int Count { get; init; } = 1;

        public ulong Seed { get; init; }

        public bool Quiet { get; init; }

        public NoiseKind Noise { get; init; }

        public string? Pattern { get; init; }

        public override IReadOnlyList<Setting> Rows => s_rows;
    }

    static Sample With(string name, string text) => (Sample)new Sample().Find(name)!.With(new Sample(), text);

    [Theory]
    [InlineData(0.1f)]
    [InlineData(1f / 3)]
    [InlineData(1e-8f)]
    [InlineData(float.Epsilon)]
    [InlineData(float.MaxValue)]
    [InlineData(16777217f)]
    public void The_text_of_a_number_is_exact_there_and_back_in_any_language(float rate)
    {
        var culture = CultureInfo.CurrentCulture;
        var comma = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        comma.NumberFormat.NumberDecimalSeparator = ",";
        CultureInfo.CurrentCulture = comma;
        try
        {
            string text = new Sample().Find("rate")!.Get(new Sample { Rate = rate })!;
            Assert.Equal(BitConverter.SingleToInt32Bits(rate), BitConverter.SingleToInt32Bits(With("rate", text).Rate));
            double share = rate is > 0 and < 1 ? Math.Sqrt(rate) / 2 : 0.1;
            Assert.Equal(share, With("share", new Sample().Find("share")!.Get(new Sample { Share = share })!).Share);
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }
    }

    [Fact]
    public void Every_kind_of_value_comes_back_from_its_text()
    {
        var sample = new Sample
        {
            Rate = 0.25f,
            Share = 0.1,
            Scale = 2,
            Count = 9,
            Seed = ulong.MaxValue,
            Quiet = true,
            Noise = NoiseKind.Gaussian,
            Pattern = "*.bias"
        };
        var copy = new Sample();
        foreach (var (name, value) in sample.Changes()) copy = (Sample)copy.Find(name)!.With(copy, value);
        Assert.Equal(sample, copy);
        Assert.Equal(8, sample.Changes().Count());
        Assert.Equal("rate = 0.25, share = 0.1, scale = 2, count = 9, seed = 18446744073709551615, quiet = true, noise = gaussian, "
            + "pattern = *.bias", sample.ToString());
    }

    [Fact]
    public void Only_what_differs_from_the_default_is_a_change_and_only_what_changes_bits_an_identity()
    {
        Assert.Empty(new Sample().Changes());
        var sample = new Sample { Quiet = true, Count = 2 };
        Assert.Equal([("count", "2"), ("quiet", "true")], sample.Changes());
        Assert.Equal([("count", "2")], sample.Changes(onlyBits: true));
    }

    [Theory]
    [InlineData("rate", "0", "a number above 0")]
    [InlineData("rate", "fast", "a number above 0")]
    [InlineData("rate", "NaN", "a number above 0")]
    [InlineData("rate", "1e99", "a number above 0")]
    [InlineData("rate", "0,5", "a number above 0")]
    [InlineData("share", "1", "a number from 0 to below 1")]
    [InlineData("scale", "2.5", "a number from 0 to 2")]
    [InlineData("count", "10", "a whole number from 1 to 9")]
    [InlineData("count", "1.5", "a whole number from 1 to 9")]
    [InlineData("seed", "-1", "a whole number of 0 or more")]
    [InlineData("quiet", "yes", "true or false")]
    [InlineData("noise", "pink", "sign, gaussian")]
    public void A_value_that_a_setting_cannot_have_is_refused_by_name(string name, string text, string expected)
        => Assert.Equal($"--{name} {text}: expected {expected}", Assert.Throws<EdgeLearnException>(() => With(name, text)).Message);

    [Fact]
    public void A_value_set_from_code_is_refused_in_the_same_words()
        => Assert.Equal("--count 0: expected a whole number from 1 to 9",
            Assert.Throws<EdgeLearnException>(new Sample { Count = 0 }.Check).Message);
}
