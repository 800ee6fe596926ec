namespace EdgeLearn.Gesture;

/// <summary>What the hand does.</summary>
enum Motion
{
    /// <summary>Left and right.</summary>
    Shake,

    /// <summary>Circles over the table.</summary>
    Circle,
}
