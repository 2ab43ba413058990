using Ds4Provider.Engine.Prompting;

namespace Ds4Provider.Server.Catalog;

/// <summary>
/// The names of a model: its id, the id as people write it (<c>ds4/…</c>), and for Flash the two names that DeepSeek's
/// own API had for it.
/// </summary>
internal static class ModelNames
{
    private const string Prefix = "ds4/";
    private const string Flash = "deepseek-v4-flash";

    public static bool Matches(string asked, string served)
    {
        string name = asked.StartsWith(Prefix, StringComparison.Ordinal) ? asked[Prefix.Length..] : asked;
        return name == served || (served == Flash && ThinkingOf(name) is not null);
    }

    /// <summary>What an alias says about thinking; null for every other name.</summary>
    public static ThinkingMode? ThinkingOf(string asked) => asked switch
    {
        "deepseek-chat" or Prefix + "deepseek-chat" => ThinkingMode.Off,
        "deepseek-reasoner" or Prefix + "deepseek-reasoner" => ThinkingMode.On,
        _ => null,
    };
}
