using System.Text;
using CsCheck;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>Random texts and conversions.</summary>
internal static class Texts
{
    private static readonly string[] Interesting =
    [
        " ", "  ", "\n", "\r\n", "\t", "\u00A0", "\u3000", "\u2028", "\u0085", "a", "Zz", "é", "ß", "Ж", "e\u0301", "\u0301",
        "1", "42", "٣", "Ⅷ", "²", "𝟘", "!", ".", "_", "'", "\"", "<", "</", ">", "$", "+", "^", "`", "，", "“", "…", "—", "€", "😀", "👩‍💻", "🇮🇹",
        "中", "文字", "ひ", "カ", "・", "ー", "゙", "゛", "\u3097", "゠", "𠀀", "龥", "龦", "\u0000", "\u200B", "\uFEFF", "\uE000", "\uFFFD", "\uD83D", "\uDE00",
        "don't", "foo(bar);", "x=12345", "<think>", "｜DSML｜",
    ];

    /// <summary>Texts rich in what pre-tokenizers stumble over; unpaired surrogates included.</summary>
    public static Gen<string> Any { get; } = Gen.OneOf(
            Gen.OneOf(Interesting),
            Gen.Int[0, 0x2FFF].Select(value => ((char)value).ToString()),
            Gen.Int[0x10000, 0x10FFFF].Select(char.ConvertFromUtf32))
        .Array[0, 24].Select(string.Concat);

    /// <summary>Texts that UTF-8 can carry.</summary>
    public static Gen<string> WellFormed { get; } = Any.Select(WithoutSurrogates);

    /// <summary>The text with unpaired surrogates replaced, as UTF-8 carries it.</summary>
    public static string WithoutSurrogates(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    public static IReadOnlyList<string> Pieces(string text)
    {
        var pieces = new List<string>();
        var reader = new PieceReader(text);
        while (reader.TryRead(out var piece))
        {
            pieces.Add(piece.ToString());
        }

        return pieces;
    }

    public static List<int> Encode(this ITokenizer tokenizer, string text)
    {
        var tokens = new List<int>();
        tokenizer.Encode(text, tokens);
        return tokens;
    }

    public static string Decode(this ITokenizer tokenizer, IEnumerable<int> tokens) =>
        Encoding.UTF8.GetString([.. tokens.SelectMany(token => tokenizer.Bytes(token).ToArray())]);
}
