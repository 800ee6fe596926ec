namespace EdgeLearn;

/// <summary>A layer description with an activation of its own behind a weighted sum.</summary>
interface IWeightedSpec
{
    /// <summary>What follows the weighted sum.</summary>
    Activation Activation { get; }

    /// <summary>The same layer with nothing behind the sum.</summary>
    LayerSpec Plain();

    /// <summary>
    /// The sum that makes R values at each place where this layer makes its units or channels, from the same inputs and without a bias;
    /// null where there is none.
    /// </summary>
    LayerSpec? OfRank(int rank) => null;

    /// <summary>The same layer with a bias where it has none.</summary>
    LayerSpec WithBias() => (LayerSpec)this;
}
