using System.Globalization;
using System.Text;

namespace Ds4Provider.Engine.Tokenization;

/// <summary>What the pre-tokenizer distinguishes. Every Unicode scalar has exactly one class.</summary>
internal enum ScalarClass : byte
{
    /// <summary>Control, format, private use, unassigned.</summary>
    Other,

    /// <summary><c>\p{L}</c> outside ASCII.</summary>
    Letter,

    /// <summary><c>[A-Za-z]</c>.</summary>
    AsciiLetter,

    /// <summary><c>\p{M}</c>.</summary>
    Mark,

    /// <summary><c>\p{N}</c>.</summary>
    Number,

    /// <summary><c>\p{P}</c> or <c>\p{S}</c> outside ASCII.</summary>
    Punctuation,

    /// <summary>The 32 punctuation characters and symbols of ASCII.</summary>
    AsciiPunctuation,

    /// <summary>U+0020.</summary>
    Space,

    /// <summary><c>\s</c> other than the space and line ends.</summary>
    WhiteSpace,

    /// <summary><c>\r</c> or <c>\n</c>.</summary>
    LineEnd,
}

/// <summary>Classifies scalars.</summary>
internal static class ScalarClasses
{
    private static readonly ScalarClass[] Ascii = [.. Enumerable.Range(0, 128).Select(value => Slow(new Rune(value)))];

    public static ScalarClass Of(Rune scalar) => scalar.IsAscii ? Ascii[scalar.Value] : Slow(scalar);

    public static bool IsLetterOrMark(ScalarClass value) => value is >= ScalarClass.Letter and <= ScalarClass.Mark;

    public static bool IsPunctuation(ScalarClass value) => value is ScalarClass.Punctuation or ScalarClass.AsciiPunctuation;

    public static bool IsWhiteSpace(ScalarClass value) => value >= ScalarClass.Space;

    /// <summary>Han and kana as the pre-tokenizer's second pass names them.</summary>
    public static bool IsCjk(Rune scalar) => scalar.Value is (>= 0x4E00 and <= 0x9FA5) or (>= 0x3040 and <= 0x30FF);

    private static ScalarClass Slow(Rune scalar) => scalar.Value switch
    {
        '\r' or '\n' => ScalarClass.LineEnd,
        ' ' => ScalarClass.Space,
        _ when Rune.IsWhiteSpace(scalar) => ScalarClass.WhiteSpace,
        _ => Rune.GetUnicodeCategory(scalar) switch
        {
            UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter
                or UnicodeCategory.ModifierLetter or UnicodeCategory.OtherLetter
                => scalar.IsAscii ? ScalarClass.AsciiLetter : ScalarClass.Letter,
            UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark
                => ScalarClass.Mark,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber
                => ScalarClass.Number,
            UnicodeCategory.ConnectorPunctuation or UnicodeCategory.DashPunctuation or UnicodeCategory.OpenPunctuation
                or UnicodeCategory.ClosePunctuation or UnicodeCategory.InitialQuotePunctuation
                or UnicodeCategory.FinalQuotePunctuation or UnicodeCategory.OtherPunctuation or UnicodeCategory.MathSymbol
                or UnicodeCategory.CurrencySymbol or UnicodeCategory.ModifierSymbol or UnicodeCategory.OtherSymbol
                => scalar.IsAscii ? ScalarClass.AsciiPunctuation : ScalarClass.Punctuation,
            _ => ScalarClass.Other,
        },
    };
}
