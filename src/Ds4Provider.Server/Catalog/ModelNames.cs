namespace Ds4Provider.Server.Catalog;

/// <summary>The names of a model: its id, and the id as people write it, <c>ds4/…</c>.</summary>
internal static class ModelNames
{
    private const string Prefix = "ds4/";

    public static bool Matches(string asked, string served) =>
        (asked.StartsWith(Prefix, StringComparison.Ordinal) ? asked[Prefix.Length..] : asked) == served;
}
