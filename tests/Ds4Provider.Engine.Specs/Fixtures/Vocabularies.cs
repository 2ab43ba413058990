using System.Text.Json;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>Vocabularies to test with.</summary>
internal static class Vocabularies
{
    public static readonly string[] ControlTexts =
    [
        "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<｜Assistant｜>", "<think>", "</think>", "｜DSML｜",
    ];

    private static readonly Lazy<(string[] Tokens, string[] Merges)> DemoLists = new(ReadDemo);

    /// <summary>The demo model's: about three thousand tokens.</summary>
    public static BytePairTokenizer Demo { get; } =
        BytePairTokenizer.Create(DemoLists.Value.Tokens, DemoLists.Value.Merges, DemoLists.Value.Tokens.Length);

    public static string[] DemoTokens => DemoLists.Value.Tokens;

    public static string[] DemoMerges => DemoLists.Value.Merges;

    /// <summary>The seven control tokens, the 256 bytes, and what <paramref name="merges"/> make.</summary>
    public static BytePairTokenizer Small(params string[] merges)
    {
        var tokens = SmallTokens(merges);
        return BytePairTokenizer.Create(tokens, merges, tokens.Length);
    }

    public static string[] SmallTokens(params string[] merges) =>
    [
        .. ControlTexts,
        .. Enumerable.Range(0, 256).Select(value => ByteAlphabet.Character((byte)value).ToString()),
        .. merges.Select(merge => merge.Replace(" ", "", StringComparison.Ordinal)),
    ];

    private static (string[] Tokens, string[] Merges) ReadDemo()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(RepositoryFiles.Of("native", "demo", "vocabulary.json")));
        return (Strings("tokens"), Strings("merges"));

        string[] Strings(string name) => [.. document.RootElement.GetProperty(name).EnumerateArray().Select(item => item.GetString()!)];
    }
}
