using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Prompting;

/// <summary>
/// The official chat format, byte for byte: begin-of-sentence, system text, then blocks of the user (tool results
/// included) and turns of the assistant. There is nothing between markers and content.
/// </summary>
internal sealed class PromptTemplate(ITokenizer tokenizer) : IPromptTemplate
{
    private readonly EncodedTexts _texts = new(tokenizer);

    /// <inheritdoc/>
    public IReadOnlyList<PromptSegment> Render(Conversation conversation, ISampledTurns? sampledTurns = null)
    {
        ArgumentNullException.ThrowIfNull(conversation);
        return new PromptRendering(conversation, tokenizer.Control, sampledTurns).Write();
    }

    /// <inheritdoc/>
    public IReadOnlyList<int> Encode(IReadOnlyList<PromptSegment> segments)
    {
        ArgumentNullException.ThrowIfNull(segments);
        var tokens = new List<int>();
        for (var i = 0; i < segments.Count; i++)
        {
            switch (segments[i])
            {
                case ControlSegment control:
                    tokens.Add(control.Token);
                    break;
                case SampledSegment sampled:
                    tokens.AddRange(sampled.Tokens);
                    break;
                case TextSegment text:
                    // No piece of the pre-tokenizer may end only because a segment does.
                    var first = i;
                    while (i + 1 < segments.Count && segments[i + 1] is TextSegment)
                    {
                        i++;
                    }

                    var joined = first == i
                        ? text.Text
                        : string.Concat(segments.Skip(first).Take(i + 1 - first).Select(segment => ((TextSegment)segment).Text));
                    _texts.Encode(joined, tokens);
                    break;
            }
        }

        return tokens;
    }
}
