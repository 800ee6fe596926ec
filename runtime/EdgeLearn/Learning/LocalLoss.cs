namespace EdgeLearn;

/// <summary>
/// What a hidden unit of <see cref="TargetProjection"/> minimises, given its output y and its random target t, or the scores s of the
/// classes.
/// </summary>
public enum LocalLoss
{
    /// <summary>|y - t|^2 / 2: gradient y - t.</summary>
    L2,

    /// <summary>|y - t|_1: gradient sign(y - t).</summary>
    L1,

    /// <summary>-t . y: gradient -t. With it tpSGD is direct random target projection (DRTP; Frenkel, Lefebvre, Bol 2021).</summary>
    Linear,

    /// <summary>The network's own loss of the scores, for labels their cross-entropy.</summary>
    CrossEntropy,

    /// <summary>
    /// Mean over the other classes c of max(0, 1 + s_c - s_label); the network's own loss where there are no labels, or one output for two
    /// classes.
    /// </summary>
    Hinge,
}

/// <summary>What follows from the loss.</summary>
static class LocalLosses
{
    /// <summary>Whether all classes are scored, so that there is a head.</summary>
    public static bool Scores(this LocalLoss loss) => loss is LocalLoss.CrossEntropy or LocalLoss.Hinge;

    /// <summary>The usual rate of the hidden units as a factor on the run's rate.</summary>
    public static float HiddenRateScale(this LocalLoss loss) => loss.Scores() ? 1 : 0.3f;
}
