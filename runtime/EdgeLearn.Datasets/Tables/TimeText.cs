using System.Globalization;

namespace EdgeLearn.Datasets;

/// <summary>
/// Dates and times that can be read in one way: ISO 8601 (2024-03-01T12:30:00.5Z, with a blank for T, slashes for dashes, with an offset
/// or without), 01.03.2024 12:30, and a time of day alone. 03/01/2024 may begin with the day or the month and is none.
/// </summary>
static class TimeText
{
    static readonly string[] s_dates = ["yyyy-M-d", "yyyy/M/d", "d.M.yyyy", "yyyyMMdd"];

    static readonly string[] s_times = ["H:mm", "H:mm:ss", "H:mm:ss.FFFFFFF", "H:mm:ss,FFFFFFF"];

    static readonly string[] s_formats =
        [.. s_dates[..3], .. s_dates.SelectMany(date => s_times.SelectMany(time => (string[])
            [$"{date} {time}", $"{date}'T'{time}", $"{date} {time}K", $"{date}'T'{time}K", $"{date} {time} K"]))];

    /// <summary>Reads a date, a time of day, or both; times without an offset are taken as they stand.</summary>
    /// <param name="cell">without blanks around it</param>
    /// <param name="seconds">since the beginning of 1970; of a time alone, since midnight</param>
    public static bool TryRead(ReadOnlySpan<char> cell, out double seconds)
    {
        seconds = 0;
        if (cell.Length is < 4 or > 40 || !char.IsAsciiDigit(cell[0])) return false;
        if (TryIso(cell, out seconds)) return true;
        if (cell.IndexOfAny(":./-") < 0) return false;
        const DateTimeStyles Style = DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal;
        if (DateTime.TryParseExact(cell, s_formats, CultureInfo.InvariantCulture, Style, out var time))
        {
            seconds = (time - DateTime.UnixEpoch).TotalSeconds;
            return true;
        }

        if (!DateTime.TryParseExact(cell, s_times, CultureInfo.InvariantCulture, Style, out time)) return false;
        seconds = time.TimeOfDay.TotalSeconds;
        return true;
    }

    // yyyy-MM-dd?HH:mm:ss is what most loggers write, and many rows of it.
    static bool TryIso(ReadOnlySpan<char> cell, out double seconds)
    {
        seconds = 0;
        if (cell.Length != 19 || cell[4] != '-' || cell[7] != '-' || cell[10] is not (' ' or 'T') || cell[13] != ':' || cell[16] != ':')
            return false;
        int year = Number(cell[..4]), month = Number(cell[5..7]), day = Number(cell[8..10]);
        int hour = Number(cell[11..13]), minute = Number(cell[14..16]), second = Number(cell[17..19]);
        bool isTime = year >= 1 && month is >= 1 and <= 12 && hour is >= 0 and < 24 && minute is >= 0 and < 60 && second is >= 0 and < 60;
        if (!isTime || day < 1 || day > DateTime.DaysInMonth(year, month)) return false;
        seconds = (new DateTime(year, month, day, hour, minute, second, DateTimeKind.Utc) - DateTime.UnixEpoch).TotalSeconds;
        return true;
    }

    static int Number(ReadOnlySpan<char> digits)
    {
        int value = 0;
        foreach (char c in digits)
        {
            if (!char.IsAsciiDigit(c)) return -1;
            value = (value * 10) + (c - '0');
        }

        return value;
    }
}
