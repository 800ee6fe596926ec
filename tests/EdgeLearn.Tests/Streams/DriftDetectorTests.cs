using System.Text.Json;
using Xunit;

namespace EdgeLearn.Tests;

/// <summary>Alarms of the detectors beside those of an independent script, tests/Reference/drift.py.</summary>
public class DriftDetectorTests
{
    static readonly JsonElement s_golden = Golden.Read("drift.json");

    static IEnumerable<JsonElement> Runs(string detector, params (string Name, double Value)[] parameters)
        => s_golden.GetProperty(detector).EnumerateArray().Where(run => parameters.All(parameter
            => run.GetProperty("parameters").GetProperty(parameter.Name).GetDouble() == parameter.Value));

    static double[] Stream(JsonElement run)
    {
        var values = s_golden.GetProperty("streams").EnumerateArray()
            .First(stream => stream.GetProperty("name").ValueEquals(run.GetProperty("stream").GetString())).GetProperty("values");
        return values.ValueKind == JsonValueKind.String
            ? [.. values.GetString()!.Select(digit => (double)(digit - '0'))]
            : [.. values.EnumerateArray().Select(value => value.GetDouble())];
    }

    static int[] Whole(JsonElement run, string name) => [.. run.GetProperty(name).EnumerateArray().Select(index => index.GetInt32())];

    static double[] Real(JsonElement run, string name) => [.. run.GetProperty(name).EnumerateArray().Select(value => value.GetDouble())];

    [Theory]
    [InlineData(1)]
    [InlineData(32)]
    public void Adwin_cuts_where_the_script_does(int clock)
    {
        var runs = Runs("adwin", ("clock", clock), ("offset", 0), ("least_side", 5)).ToList();
        Assert.True(runs.Count >= 7);
        foreach (var run in runs)
        {
            var detector = new Adwin(clock: clock);
            var cuts = new List<int>();
            var rises = new List<int>();
            List<double> widths = [], means = [], variances = [];
            double[] values = Stream(run);
            for (int i = 0; i < values.Length; i++)
            {
                if (detector.Add(values[i])) rises.Add(i);
                if (detector.HasCut) cuts.Add(i);
                if ((i + 1) % run.GetProperty("every").GetInt32() != 0) continue;
                widths.Add(detector.Width);
                means.Add(detector.Mean);
                variances.Add(detector.Variance);
            }

            Assert.Equal(Whole(run, "detections"), cuts);
            Assert.Equal(Whole(run, "rises"), rises);
            Assert.Equal(Real(run, "widths"), widths);
            Assert.All(Real(run, "means").Zip(means), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
            Assert.All(Real(run, "variances").Zip(variances), pair => Assert.Equal(pair.First, pair.Second, 1e-9));
        }
    }

    [Fact]
    public void Ddm_warns_and_alarms_where_the_script_does()
    {
        var runs = Runs("ddm").ToList();
        Assert.True(runs.Count >= 5);
        foreach (var run in runs)
        {
            var detector = new DriftDetectionMethod();
            List<int> drifts = [], warnings = [];
            bool warned = false;
            double[] values = Stream(run);
            for (int i = 0; i < values.Length; i++)
            {
                if (detector.Add(values[i])) drifts.Add(i);
                if (detector.Warns && !warned) warnings.Add(i);
                warned = detector.Warns;
            }

            Assert.Equal(Whole(run, "drifts"), drifts);
            Assert.Equal(Whole(run, "warnings"), warnings);
        }
    }

    [Fact]
    public void Page_Hinkley_alarms_where_the_script_does()
    {
        var runs = Runs("page_hinkley").ToList();
        Assert.True(runs.Count >= 14);
        foreach (var run in runs)
        {
            var parameters = run.GetProperty("parameters");
            var detector = new PageHinkley(parameters.GetProperty("delta").GetDouble(), parameters.GetProperty("lambda").GetDouble(),
                parameters.GetProperty("least").GetInt32());
            double[] values = Stream(run);
            Assert.Equal(Whole(run, "alarms"), Enumerable.Range(0, values.Length).Where(i => detector.Add(values[i])));
        }
    }

    [Fact]
    public void A_value_allocates_nothing()
    {
        foreach (string word in DriftDetector.Words)
        {
            var detector = DriftDetector.Named(word);
            Assert.Equal(word, detector.Word);
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 20_000; i++) detector.Add(Noise.UniformAt(1, i) < (i < 10_000 ? 0.1 : 0.5) ? 1 : 0);
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Contains("adwin, ddm, page-hinkley", Assert.Throws<EdgeLearnException>(() => DriftDetector.Named("eddm")).Message,
            StringComparison.Ordinal);
    }
}
