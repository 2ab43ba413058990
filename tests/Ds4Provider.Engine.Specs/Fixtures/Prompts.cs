using System.Text;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>Renders for comparison.</summary>
internal static class Prompts
{
    /// <summary>The prompt as one text; a control token is its text.</summary>
    public static string Text(IEnumerable<PromptSegment> segments, ITokenizer tokenizer) => string.Concat(segments.Select(segment => segment switch
    {
        ControlSegment control => Encoding.UTF8.GetString(tokenizer.Bytes(control.Token)),
        TextSegment text => text.Text,
        SampledSegment sampled => tokenizer.Decode(sampled.Tokens),
        _ => throw new ArgumentException("unknown segment"),
    }));

    public static string Text(Conversation conversation) =>
        Text(new PromptTemplate(Vocabularies.Demo).Render(conversation), Vocabularies.Demo);

    public static IReadOnlyList<int> Tokens(Conversation conversation)
    {
        var template = new PromptTemplate(Vocabularies.Demo);
        return template.Encode(template.Render(conversation));
    }
}
