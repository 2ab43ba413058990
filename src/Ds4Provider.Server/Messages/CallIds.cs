namespace Ds4Provider.Server.Messages;

/// <summary>
/// Ids of calls as this API spells them. Ours are random behind a prefix; changing only the prefix keeps a turn
/// recognisable, whichever API brings it back.
/// </summary>
internal static class CallIds
{
    private const string Ours = "call_";
    private const string Theirs = "toolu_";
    private const int RandomLength = 32;

    public static string ToMessages(string id) =>
        id.StartsWith(Ours, StringComparison.Ordinal) ? Theirs + id[Ours.Length..] : id;

    /// <summary>Our id again; ids of others stay as they are.</summary>
    public static string FromMessages(string id) =>
        id.StartsWith(Theirs, StringComparison.Ordinal) && id.Length == Theirs.Length + RandomLength ? Ours + id[Theirs.Length..] : id;
}
