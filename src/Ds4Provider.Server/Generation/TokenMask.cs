using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Server.Generation;

/// <summary>The tokens that must not be sampled next: control tokens that the reply's state does not allow.</summary>
internal sealed class TokenMask(IReadOnlyList<int> controlTokens)
{
    private readonly int[] buffer = new int[controlTokens.Count];

    /// <summary>The mask for the next token; valid until the next call.</summary>
    public ReadOnlySpan<int> For(IReplyParser parser)
    {
        int count = 0;
        for (int i = 0; i < controlTokens.Count; i++)
        {
            if (!parser.Allows(controlTokens[i]))
                buffer[count++] = controlTokens[i];
        }
        return buffer.AsSpan(0, count);
    }
}
