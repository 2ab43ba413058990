using System.Text;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Fixtures;

/// <summary>A reply that was read to its end.</summary>
internal sealed class ReplyRun
{
    private ReplyRun(IReadOnlyList<ReplyEvent> events, IReplyParser parser) => (Events, Parser) = (events, parser);

    public IReadOnlyList<ReplyEvent> Events { get; }

    public IReplyParser Parser { get; }

    public string Reasoning => string.Concat(Events.OfType<ReasoningDelta>().Select(delta => delta.Text));

    public string Text => string.Concat(Events.OfType<TextDelta>().Select(delta => delta.Text));

    public FinishReason Reason => Events.OfType<Finished>().Single().Reason;

    public IReadOnlyList<(string Name, string Arguments)> Calls =>
        [.. Events.OfType<CallStarted>().Select(call => (call.Name, string.Concat(
            Events.OfType<ArgumentsDelta>().Where(delta => delta.Index == call.Index).Select(delta => delta.Json))))];

    /// <summary>Reads a reply; the texts of control tokens in <paramref name="reply"/> stand for the tokens.</summary>
    public static ReplyRun Of(string reply, bool thinking = false, FinishReason reason = FinishReason.Stop, bool allowCalls = true) =>
        Of(Tokens(Vocabularies.Demo, reply), Vocabularies.Demo, thinking, reason, allowCalls);

    public static ReplyRun Of(
        IEnumerable<int> tokens, ITokenizer tokenizer, bool thinking, FinishReason reason = FinishReason.Stop, bool allowCalls = true)
    {
        var parser = Parse(tokenizer, thinking, allowCalls);
        var events = new List<ReplyEvent>();
        foreach (var token in tokens)
        {
            parser.Push(token, events);
        }

        parser.Complete(reason, events);
        return new ReplyRun(events, parser);
    }

    /// <summary>A parser whose calls are named call_0, call_1, …</summary>
    public static ReplyParser Parse(ITokenizer tokenizer, bool thinking, bool allowCalls = true)
    {
        var calls = 0;
        return new ReplyParser(tokenizer, thinking, allowCalls, valuesAreJson: false, () => $"call_{calls++}");
    }

    /// <summary>The tokens of a text in which control tokens are recognised.</summary>
    public static List<int> Tokens(ITokenizer tokenizer, string text)
    {
        var controls = Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsControl)
            .Select(token => (Token: token, Text: Encoding.UTF8.GetString(tokenizer.Bytes(token)))).ToList();
        var tokens = new List<int>();
        while (text.Length > 0)
        {
            var next = controls.Select(control => (At: text.IndexOf(control.Text, StringComparison.Ordinal), control.Token, control.Text))
                .Where(found => found.At >= 0).DefaultIfEmpty((At: text.Length, Token: -1, Text: "")).MinBy(found => found.At);
            tokenizer.Encode(text.AsSpan(0, next.At), tokens);
            text = text[(next.At + next.Text.Length)..];
            if (next.Token >= 0)
            {
                tokens.Add(next.Token);
            }
        }

        return tokens;
    }
}
