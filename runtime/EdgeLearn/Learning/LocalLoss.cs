namespace EdgeLearn;

/// <summary>What a hidden layer of <see cref="TargetProjection"/> minimises, given its output y and its random target t.</summary>
public enum LocalLoss
{
    /// <summary>|y - t|^2 / 2: gradient y - t.</summary>
    L2,

    /// <summary>|y - t|_1: gradient sign(y - t).</summary>
    L1,

    /// <summary>-t . y: gradient -t. With it tpSGD is direct random target projection (DRTP; Frenkel, Lefebvre, Bol 2021).</summary>
    Linear,
}
