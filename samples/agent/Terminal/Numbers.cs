using System.Globalization;

namespace Agent.Terminal;

/// <summary>Sizes and times as people read them.</summary>
internal static class Numbers
{
    public static string Bytes(double bytes) => bytes switch
    {
        >= 1e9 => Format(bytes / 1e9, "0.0", "GB"),
        >= 1e6 => Format(bytes / 1e6, "0.0", "MB"),
        >= 1e3 => Format(bytes / 1e3, "0", "KB"),
        _ => Format(bytes, "0", "bytes"),
    };

    /// <summary>A part of so many bytes, as a number in the unit of the whole.</summary>
    public static string BytesOf(double bytes, double whole) => whole switch
    {
        >= 1e9 => Format(bytes / 1e9, "0.0"),
        >= 1e6 => Format(bytes / 1e6, "0.0"),
        >= 1e3 => Format(bytes / 1e3, "0"),
        _ => Format(bytes, "0"),
    };

    public static string Duration(TimeSpan time) => time.TotalSeconds switch
    {
        < 10 => Format(time.TotalSeconds, "0.0", "s"),
        < 60 => Format(time.TotalSeconds, "0", "s"),
        < 3600 => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalMinutes} min {time.Seconds} s"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{(int)time.TotalHours} h {time.Minutes} min"),
    };

    public static string Count(double count) => count.ToString("#,0", CultureInfo.InvariantCulture);

    public static string Percent(double fraction) => Format(Math.Floor(fraction * 100), "0", "%");

    private static string Format(double value, string format, string unit) => $"{Format(value, format)} {unit}";

    private static string Format(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
