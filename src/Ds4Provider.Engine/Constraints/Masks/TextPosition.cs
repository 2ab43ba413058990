using Ds4Provider.Engine.Constraints.Grammar;

namespace Ds4Provider.Engine.Constraints.Masks;

/// <summary>
/// Where a state stands inside a text. Nearly the whole vocabulary may follow there, so its tokens are not walked: they
/// come from sets that were prepared for the vocabulary.
/// </summary>
/// <param name="Kind">What kind of text.</param>
/// <param name="Utf8">State of <see cref="Utf8Progress"/>.</param>
/// <param name="Missing">Characters that must still begin before the text may end.</param>
/// <param name="Room">Characters that may still begin.</param>
/// <param name="Then">What follows after a closing quotation mark; null where there is none.</param>
internal readonly record struct TextPosition(TextKind Kind, int Utf8, int Missing, int Room, GrammarState? Then);

/// <summary>Kinds of text.</summary>
internal enum TextKind
{
    /// <summary>Not inside a text.</summary>
    None,

    /// <summary>A JSON string: quotation mark and backslash have a meaning, control characters are refused.</summary>
    Json,

    /// <summary>A name in quotation marks: like a JSON string, but without backslashes.</summary>
    Name,

    /// <summary>The raw value of a parameter, which only a tag ends.</summary>
    Raw,
}
