namespace EdgeLearn.Commands;

/// <summary>Numbers in JSON, which knows neither NaN nor infinity.</summary>
static class JsonNumber
{
    /// <summary>The number, or null where it is not finite.</summary>
    public static double? Finite(double? value) => value is { } number && double.IsFinite(number) ? number : null;
}
