using System.Globalization;

namespace EdgeLearn;

/// <summary>The numbers that a setting may have, all finite: from or above a least one, up to or below a most one.</summary>
readonly record struct Limits
{
    readonly double _least;
    readonly double _most;
    readonly bool _isAbove;
    readonly bool _isBelow;

    Limits(double least, bool isAbove, double most, bool isBelow) => (_least, _isAbove, _most, _isBelow) = (least, isAbove, most, isBelow);

    /// <summary>This number or more.</summary>
    public static Limits From(double least) => new(least, false, double.MaxValue, false);

    /// <summary>More than this number.</summary>
    public static Limits Above(double least) => new(least, true, double.MaxValue, false);

    /// <summary>At most this number.</summary>
    public Limits To(double most) => new(_least, _isAbove, most, false);

    /// <summary>Less than this number.</summary>
    public Limits Below(double most) => new(_least, _isAbove, most, true);

    /// <summary>Whether a number is among them.</summary>
    public bool Hold(double value)
        => double.IsFinite(value) && (_isAbove ? value > _least : value >= _least) && (_isBelow ? value < _most : value <= _most);

    /// <summary>For a refusal: "a number from 0 to below 1".</summary>
    public override string ToString() => (_isAbove, _isBelow, _most < double.MaxValue) switch
    {
        (true, true, _) => Text($"a number above {_least} and below {_most}"),
        (true, false, true) => Text($"a number above {_least} and up to {_most}"),
        (true, _, _) => Text($"a number above {_least}"),
        (_, true, _) => Text($"a number from {_least} to below {_most}"),
        (_, _, true) => Text($"a number from {_least} to {_most}"),
        _ => Text($"a number of {_least} or more"),
    };

    /// <summary>The same of whole numbers.</summary>
    /// <param name="greatest">that the type can hold; of 64 bits it goes without saying</param>
    internal string WholeText(double greatest)
        => Math.Min(_most, greatest) is var most && most > int.MaxValue
            ? Text($"a whole number of {_least} or more")
            : Text($"a whole number from {_least} to {most:F0}");

    static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
