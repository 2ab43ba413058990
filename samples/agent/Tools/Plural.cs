using System.Globalization;

namespace Agent.Tools;

/// <summary>Numbers with their noun.</summary>
internal static class Plural
{
    public static string Of(long count, string noun) =>
        string.Create(CultureInfo.InvariantCulture, $"{count} {noun}{(count == 1 ? "" : "s")}");
}
