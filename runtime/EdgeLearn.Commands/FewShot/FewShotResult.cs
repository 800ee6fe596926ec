using System.Globalization;

namespace EdgeLearn.Commands;

/// <summary>What <c>fewshot --json</c> prints.</summary>
/// <param name="Model">the model file</param>
/// <param name="Shots">labelled samples of a class</param>
/// <param name="Ways">classes of an episode</param>
/// <param name="Queries">samples of a class to be classified; with a skew the mean over an episode's classes</param>
/// <param name="Skew">concentration of the Dirichlet distribution that shares them out; null = each class has the same</param>
/// <param name="Episodes">how many were drawn</param>
/// <param name="NearestCentroid">mean accuracy over episodes of the nearest centroid of the labelled samples</param>
/// <param name="Transductive">mean accuracy over episodes with the help of the other samples, or of the nearest centroid in episodes that
/// fell back on it</param>
/// <param name="Spread">standard deviation over episodes of the difference of the two; the standard error of the mean difference is this
/// over the root of the number of episodes</param>
/// <param name="FellBack">share of episodes that fell back on the nearest centroid</param>
/// <param name="Samples">of the data</param>
/// <param name="Classes">of the data that have samples enough</param>
/// <param name="FeatureLength">values that the model's last layer with weights reads</param>
/// <param name="FeatureBytes">the features of all samples, which are kept in memory</param>
/// <param name="WorkspaceBytes">memory of the classifier</param>
/// <param name="Seconds">wall time of features and episodes</param>
/// <param name="PeakRssBytes">peak memory of the process</param>
public sealed record FewShotResult(string Model, int Shots, int Ways, int Queries, double? Skew, int Episodes, double NearestCentroid,
    double Transductive, double Spread, double FellBack, int Samples, int Classes, int FeatureLength, long FeatureBytes,
    long WorkspaceBytes, double Seconds, long PeakRssBytes)
{
    internal void Write(string data, TextWriter output)
    {
        double gain = 100 * (Transductive - NearestCentroid), error = 100 * 1.96 * Spread / Math.Sqrt(Episodes);
        var facts = new FactList();
        facts.Add("model", Model);
        facts.Add("data", $"{data}: {NumberText.Counted(Samples, "sample")}, {Classes:N0} classes to draw from, "
            + $"{FeatureLength:N0} features a sample");
        facts.Add("episodes", $"{Episodes:N0} of {Ways:N0} classes, {NumberText.Counted(Shots, "labelled sample")} a class, "
            + $"{Queries:N0} to be classified{(Skew is { } skew ? $" in the mean, shared out by Dirichlet({Invariant(skew)})" : "")}");
        facts.Add("nearest centroid", NumberText.Fraction(NearestCentroid));
        facts.Add("transductive", $"{NumberText.Fraction(Transductive)} ({Signed(gain)} points, 95 % interval {Signed(gain - error)} to "
            + $"{Signed(gain + error)}; one episode differs from another by {Invariant(Math.Round(100 * Spread, 1))})");
        facts.Add("fell back", $"on the nearest centroid in {Invariant(Math.Round(100 * FellBack, 1))} % of the episodes");
        facts.Add("memory", $"features of all samples {ByteCount.Format(FeatureBytes)}, classifier {ByteCount.Format(WorkspaceBytes)}; "
            + $"peak of the process {ByteCount.Format(PeakRssBytes)}");
        facts.Add("time", NumberText.Duration(Seconds));
        facts.Write(output);
    }

    static string Invariant(double value) => value.ToString(CultureInfo.InvariantCulture);

    static string Signed(double points) => points.ToString("+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}
