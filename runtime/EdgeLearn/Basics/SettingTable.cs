using System.Globalization;
using System.Numerics;

namespace EdgeLearn;

/// <summary>
/// The table of a settings record, a row for each setting: name, help, what reads the property, what makes a copy with another value, and
/// the values that it may have.
/// <code>
/// static readonly IReadOnlyList&lt;Setting> s_rows = new SettingTable&lt;SgdSettings>(new())
///     .Number("momentum", "0 = none: no state", s => s.Momentum, (s, x) => s with { Momentum = x }, Limits.From(0).Below(1)).Rows;
/// </code>
/// </summary>
/// <param name="defaults">the record as it is where nobody says anything</param>
sealed class SettingTable<TSettings>(TSettings defaults)
    where TSettings : Settings
{
    readonly List<Setting> _rows = [];

    /// <summary>The rows so far.</summary>
    public IReadOnlyList<Setting> Rows => _rows;

    /// <summary>A number.</summary>
    public SettingTable<TSettings> Number<T>(string name, string help, Func<TSettings, T> get, Func<TSettings, T, TSettings> with,
        Limits limits)
        where T : struct, IBinaryFloatingPointIeee754<T>
        => OptionalNumber<T>(name, help, s => get(s), (s, x) => with(s, x!.Value), limits);

    /// <summary>A number that may be left open.</summary>
    public SettingTable<TSettings> OptionalNumber<T>(string name, string help, Func<TSettings, T?> get,
        Func<TSettings, T?, TSettings> with, Limits limits)
        where T : struct, IBinaryFloatingPointIeee754<T>
        => Add(name, help, SettingKind.Number, "X", limits.ToString(), s => Text(get(s)),
            (s, text) => T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var x) ? with(s, x) : null,
            s => get(s) is not { } x || limits.Hold(double.CreateChecked(x)));

    /// <summary>A whole number.</summary>
    public SettingTable<TSettings> Whole<T>(string name, string help, Func<TSettings, T> get, Func<TSettings, T, TSettings> with,
        Limits limits, string placeholder = "N", Func<TSettings, bool>? changesBits = null)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
        => OptionalWhole<T>(name, help, s => get(s), (s, x) => with(s, x!.Value), limits, placeholder, changesBits);

    /// <summary>A whole number that may be left open.</summary>
    public SettingTable<TSettings> OptionalWhole<T>(string name, string help, Func<TSettings, T?> get,
        Func<TSettings, T?, TSettings> with, Limits limits, string placeholder = "N", Func<TSettings, bool>? changesBits = null)
        where T : struct, IBinaryInteger<T>, IMinMaxValue<T>
        => Add(name, help, SettingKind.Whole, placeholder, limits.WholeText(double.CreateSaturating(T.MaxValue)),
            s => Text(get(s)),
            (s, text) => T.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var x) ? with(s, x) : null,
            s => get(s) is not { } x || limits.Hold(double.CreateChecked(x)), changesBits);

    /// <summary>true or false.</summary>
    public SettingTable<TSettings> Flag(string name, string help, Func<TSettings, bool> get, Func<TSettings, bool, TSettings> with,
        Func<TSettings, bool>? changesBits = null)
        => Add(name, help, SettingKind.Flag, "true|false", "true or false", s => get(s) ? "true" : "false",
            (s, text) => text is "true" or "false" ? with(s, text == "true") : null, _ => true, changesBits);

    /// <summary>One of a few words.</summary>
    public SettingTable<TSettings> Word<T>(string name, string help, Func<TSettings, T> get, Func<TSettings, T, TSettings> with,
        (string Word, T Value)[] words, Func<TSettings, bool>? changesBits = null)
        where T : struct, Enum
    {
        var known = words.Select(word => word.Word);
        return Add(name, help, SettingKind.Word, string.Join('|', known), string.Join(", ", known),
            s => Array.Find(words, word => word.Value.Equals(get(s))).Word,
            (s, text) => Array.Find(words, word => word.Word == text) is { Word: not null } found ? with(s, found.Value) : null,
            s => Array.Exists(words, word => word.Value.Equals(get(s))), changesBits);
    }

    /// <summary>A text of a form of its own.</summary>
    /// <param name="name">of the setting</param>
    /// <param name="help">what it does</param>
    /// <param name="placeholder">what stands for the text</param>
    /// <param name="get">the text; null = open</param>
    /// <param name="with">throws <see cref="EdgeLearnException"/> where the text has another form</param>
    public SettingTable<TSettings> Text(string name, string help, string placeholder, Func<TSettings, string?> get,
        Func<TSettings, string, TSettings> with)
        => Add(name, help, SettingKind.Word, placeholder, placeholder, get, with, _ => true);

    static string? Text<T>(T? value)
        where T : struct, IFormattable => value?.ToString(null, CultureInfo.InvariantCulture);

    SettingTable<TSettings> Add(string name, string help, SettingKind kind, string placeholder, string expected,
        Func<TSettings, string?> get, Func<TSettings, string, TSettings?> with, Func<TSettings, bool> holds,
        Func<TSettings, bool>? changesBits = null)
    {
        _rows.Add(new Setting(s => get((TSettings)s), (s, text) => with((TSettings)s, text), s => holds((TSettings)s),
            s => changesBits?.Invoke((TSettings)s) ?? true)
        {
            Name = name,
            Help = help,
            Kind = kind,
            Placeholder = placeholder,
            Expected = expected,
            Default = get(defaults),
        });
        return this;
    }
}

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
