namespace EdgeLearn;

/// <summary>Which part of the weights <see cref="Frugal"/> keeps state for in one period.</summary>
public enum FrugalSelection
{
    /// <summary>floor(rho * n) random columns of every matrix with n columns; a vector of n values is a matrix of one row.</summary>
    Columns,

    /// <summary>Whole tensors: rho times their number, rounded, at least one when rho is above 0.</summary>
    Block,
}

/// <summary>What <see cref="Frugal"/> does to the weights without state.</summary>
public enum FrugalRemainder
{
    /// <summary>w = keep * w - rate * sign(g).</summary>
    Sign,

    /// <summary>w = keep * w - rate * g.</summary>
    Plain,
}
