using EdgeLearn.Datasets;

namespace EdgeLearn.Commands;

/// <summary>How inputs are to be prepared.</summary>
enum PreparationChoice
{
    /// <summary>The model's own; for a new network <see cref="Standardise"/>, or <see cref="None"/> when it reads tokens.</summary>
    Auto,

    /// <summary>As they are stored.</summary>
    None,

    /// <summary>Divided by the largest magnitude of the training set.</summary>
    Scale,

    /// <summary>To mean 0 and deviation 1, see <see cref="DataSplit.Standardise"/>.</summary>
    Standardise,
}

static class PreparationChoices
{
    /// <summary>Makes the preparation from the training set.</summary>
    /// <param name="choice">what the user wants</param>
    /// <param name="known">of the model to go on from</param>
    /// <param name="data">whose training set counts</param>
    /// <param name="network">says what it takes the inputs for</param>
    public static Preparation Make(this PreparationChoice choice, Preparation? known, DataSplit data, NetworkSpec network) => choice switch
    {
        PreparationChoice.Auto when known is not null => known,
        PreparationChoice.Auto when network.ReadsTokens => Preparation.Identity,
        PreparationChoice.None => Preparation.Identity,
        PreparationChoice.Scale => Preparation.ScaleByMaximum(data.Train),
        _ => data.Standardise(network),
    };
}
