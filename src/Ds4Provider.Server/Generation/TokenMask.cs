using Ds4Provider.Engine.Replies;

namespace Ds4Provider.Server.Generation;

/// <summary>The tokens that must not be sampled next: control tokens that the reply's state does not allow.</summary>
internal sealed class TokenMask
{
    private readonly IReadOnlyList<int> controlTokens;
    private readonly int callMarker;
    private readonly bool callsAllowed;
    private readonly int[] buffer;
    private readonly int padding;

    public TokenMask(LoadedModel model, bool callsAllowed)
    {
        controlTokens = model.ControlTokens;
        callMarker = model.Tokenizer.Control.Dsml;
        this.callsAllowed = callsAllowed;
        // The output matrix may be padded beyond the vocabulary; such ids stand for nothing.
        int vocabulary = model.Tokenizer.VocabularySize;
        padding = Math.Max(0, model.Model.Description.VocabularySize - vocabulary);
        buffer = new int[padding + controlTokens.Count];
        for (int i = 0; i < padding; i++)
            buffer[i] = vocabulary + i;
    }

    /// <summary>The mask for the next token; valid until the next call.</summary>
    public ReadOnlySpan<int> For(IReplyParser parser)
    {
        int count = padding;
        for (int i = 0; i < controlTokens.Count; i++)
        {
            int token = controlTokens[i];
            // A call can only begin with its marker, so without it there is none.
            bool allowed = parser.Allows(token) && (callsAllowed || token != callMarker);
            if (!allowed)
                buffer[count++] = token;
        }
        return buffer.AsSpan(0, count);
    }
}
