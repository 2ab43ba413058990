using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Ds4Provider.Engine.Specs.Tokenization;

/// <summary>
/// The pre-tokenizer literally: three regular expressions, one after the other, each inside the pieces of the one before,
/// keeping matches and gaps. A .NET regex works on UTF-16 units, so every scalar is first replaced by one of the basic
/// plane that belongs to the same classes; the pieces' lengths are then those of the original.
/// </summary>
internal static partial class ThreePassReference
{
    public static IReadOnlyList<string> Split(string text)
    {
        var scalars = text.EnumerateRunes().Select(rune => rune.ToString()).ToArray();
        var classes = string.Concat(text.EnumerateRunes().Select(Representative));
        var pieces = Pass(Numbers(), classes).SelectMany(piece => Pass(Cjk(), piece)).SelectMany(piece => Pass(Words(), piece));
        var result = new List<string>();
        var at = 0;
        foreach (var length in pieces.Select(piece => piece.Length))
        {
            result.Add(string.Concat(scalars[at..(at + length)]));
            at += length;
        }

        return result;
    }

    private static IEnumerable<string> Pass(Regex regex, string text)
    {
        var at = 0;
        foreach (Match match in regex.Matches(text))
        {
            if (match.Index > at)
            {
                yield return text[at..match.Index];
            }

            yield return match.Value;
            at = match.Index + match.Length;
        }

        if (at < text.Length)
        {
            yield return text[at..];
        }
    }

    private static char Representative(Rune rune)
    {
        if (rune.IsAscii || rune.Value is (>= 0x3040 and <= 0x30FF) or (>= 0x4E00 and <= 0x9FA5) || Rune.IsWhiteSpace(rune))
        {
            return (char)rune.Value; // itself: what the expressions name, and white space, lies in the basic plane
        }

        return Rune.GetUnicodeCategory(rune) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter => 'é',
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark => '\u0301',
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => '²',
            UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse
                or UnicodeCategory.OtherNotAssigned => '\uE000',
            _ => '€', // what is left are P and S
        };
    }

    [GeneratedRegex(@"\p{N}{1,3}", RegexOptions.CultureInvariant)]
    private static partial Regex Numbers();

    [GeneratedRegex(@"[\u4E00-\u9FA5\u3040-\u309F\u30A0-\u30FF]+", RegexOptions.CultureInvariant)]
    private static partial Regex Cjk();

    [GeneratedRegex(
        """[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+""",
        RegexOptions.CultureInvariant)]
    private static partial Regex Words();
}
