namespace EdgeLearn;

/// <summary>A layer description with an activation of its own behind a weighted sum.</summary>
interface IWeightedSpec
{
    /// <summary>What follows the weighted sum.</summary>
    Activation Activation { get; }
}
