using EdgeLearn.Protocol;

namespace EdgeLearn.Hub;

/// <summary>What a replay of a committed round gave.</summary>
/// <param name="Round">Its number.</param>
/// <param name="Committed">Digest of the model that the round committed.</param>
/// <param name="Replayed">Digest of the model that its journal gives now.</param>
/// <param name="Updates">Number of updates in it.</param>
public readonly record struct RoundReplayReport(ulong Round, Digest Committed, Digest Replayed, int Updates)
{
    /// <summary>The journal gives the same bytes.</summary>
    public bool IsSame => Committed == Replayed;
}
