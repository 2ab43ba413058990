namespace Ds4Provider.Engine.Tokenization;

/// <summary>A vocabulary with its encoder and decoder. Thread-safe.</summary>
public interface ITokenizer
{
    /// <summary>Number of tokens.</summary>
    int VocabularySize { get; }

    /// <summary>The control tokens, resolved by their text.</summary>
    ControlTokens Control { get; }

    /// <summary>Encodes plain text: what looks like a control token in it stays text.</summary>
    void Encode(ReadOnlySpan<char> text, ICollection<int> tokens);

    /// <summary>The bytes of a token; of a control token the UTF-8 of its text.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not of the vocabulary.</exception>
    ReadOnlySpan<byte> Bytes(int token);

    /// <summary>Whether the token is a control token (special string), never produced by <see cref="Encode"/>.</summary>
    bool IsControl(int token);
}

/// <summary>Ids of the control tokens that the template uses.</summary>
/// <param name="BeginOfSentence"><c>&lt;｜begin▁of▁sentence｜&gt;</c>.</param>
/// <param name="EndOfSentence"><c>&lt;｜end▁of▁sentence｜&gt;</c>, the only stop token.</param>
/// <param name="User"><c>&lt;｜User｜&gt;</c>.</param>
/// <param name="Assistant"><c>&lt;｜Assistant｜&gt;</c>.</param>
/// <param name="ThinkOpen"><c>&lt;think&gt;</c>.</param>
/// <param name="ThinkClose"><c>&lt;/think&gt;</c>.</param>
/// <param name="Dsml"><c>｜DSML｜</c>.</param>
public sealed record ControlTokens(
    int BeginOfSentence, int EndOfSentence, int User, int Assistant, int ThinkOpen, int ThinkClose, int Dsml)
{
    internal IReadOnlyList<int> All => [BeginOfSentence, EndOfSentence, User, Assistant, ThinkOpen, ThinkClose, Dsml];
}
