namespace EdgeLearn;

/// <summary>One layer of a network description.</summary>
/// <param name="Units">outputs</param>
/// <param name="Activation">what follows the weighted sum</param>
/// <param name="Window">height x width that each unit sees of an image; default = none</param>
/// <param name="Fan">random inputs that each unit sees where there is no image; 0 = all inputs</param>
public readonly record struct LayerSpec(int Units, Activation Activation, Shape Window = default, int Fan = 0)
{
    /// <summary>Whether units see only part of the input.</summary>
    public bool IsReceptive => Window.Height > 0 || Fan > 0;
}
