using EdgeLearn.Protocol;

namespace EdgeLearn.Cli;

/// <summary>The words of the command line for what the protocol numbers.</summary>
static class RoundWords
{
    /// <summary>What travels in a round.</summary>
    public static (string Word, Codec Value)[] Codecs { get; } = [.. UpdateCodec.All.Select(codec => (codec.Name, codec.Kind))];

    /// <summary>The codec's word.</summary>
    public static string Word(this Codec codec) => Array.Find(Codecs, pair => pair.Value == codec).Word ?? "unknown";

    /// <summary>The state's word.</summary>
    public static string Word(this RoundView.Types.State state) => state switch
    {
        RoundView.Types.State.Open => "open",
        RoundView.Types.State.Aggregating => "aggregating",
        RoundView.Types.State.Committed => "committed",
        RoundView.Types.State.Abandoned => "abandoned",
        _ => "unknown",
    };

    /// <summary>Whether nothing will change any more.</summary>
    public static bool IsOver(this RoundView view) => view.State is RoundView.Types.State.Committed or RoundView.Types.State.Abandoned;
}
