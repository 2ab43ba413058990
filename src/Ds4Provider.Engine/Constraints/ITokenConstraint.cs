namespace Ds4Provider.Engine.Constraints;

/// <summary>
/// Decides which tokens may come next in one reply: control tokens where they belong, and while a block of calls or a
/// response in JSON is written only what the grammar and the request's schemas allow. Not thread-safe; one per reply.
/// </summary>
public interface ITokenConstraint
{
    /// <summary>Whether the reply is complete and nothing may follow: no end-of-sentence needs to be sampled.</summary>
    bool IsComplete { get; }

    /// <summary>
    /// Whether the tokens ran out, so that the reply was brought to its shortest end: it is well-formed, but not what the
    /// model meant.
    /// </summary>
    bool WasCutShort { get; }

    /// <summary>The tokens that may come next, never none; valid until the next call.</summary>
    /// <param name="remaining">Tokens that may still be generated, this one included; at least 1.</param>
    TokenSet Mask(int remaining);

    /// <summary>
    /// Takes a sampled token of the mask. When after it too few tokens would remain to complete the reply, the first token
    /// of its shortest end is taken instead.
    /// </summary>
    /// <param name="token">The token.</param>
    /// <param name="remaining">As for the mask.</param>
    /// <returns>The token that was taken.</returns>
    int Accept(int token, int remaining);
}
