using System.Text;
using CsCheck;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Server.Streaming;

namespace Ds4Provider.Server.Specs;

/// <summary>Whatever a model samples, and wherever it is cut: a stream adds up to the body, and nothing is left open.</summary>
public sealed class ReplyFormSpecs
{
    private static readonly ScriptedTokenizer Tokenizer = new();
    private static readonly LoadedModel Model = new(new ScriptedModel());

    /// <summary>Pieces of well-formed and broken replies: tags in any order, tags in reasoning, orphans, split characters.</summary>
    private static readonly Gen<int[]> Piece = Gen.OneOf(
        Any("Hello", " ", "\n\n", "<", "</", "😀", "é", "\"", "\\", "{\"a\":", "]", "tool_calls>", "END").Select(Bytes),
        Any(Tokenizer.Control.ThinkClose, Tokenizer.Control.ThinkOpen, Tokenizer.Control.Dsml, Tokenizer.Control.User).Select(token => new[] { token }),
        Any(
            "<|tool_calls>\n", "</|tool_calls>", "<|invoke name=\"read\">\n", "</|invoke>\n", "<|parameter name=\"path\" string=\"true\">",
            "<|parameter name=\"n\" string=\"false\">", "</|parameter>\n", "<|invoke name=\"custom\">", "<|parameter name=\"input\" string=\"true\">").Select(Tag));

    private static readonly Gen<int[]> WholeCall = Gen.Select(Piece, Piece, (a, b) => (int[])
    [
        .. Tag("<|tool_calls>\n"), .. Tag("<|invoke name=\"read\">\n"), .. Tag("<|parameter name=\"path\" string=\"true\">"), .. a,
        .. Tag("</|parameter>\n"), .. b, .. Tag("</|invoke>\n"), .. Tag("</|tool_calls>"),
    ]);

    private static readonly Gen<int[]> Replies = Gen.Frequency((4, Piece), (1, WholeCall)).Array[0, 12].Select(pieces => pieces.SelectMany(p => p).ToArray());

    [Fact(Timeout = 300_000)]
    public void On_every_API_a_stream_cut_at_any_byte_adds_up_to_the_body_and_leaves_nothing_open()
    {
        Gen.Select(Replies, Gen.Bool, Gen.Bool).Sample((tokens, thinking, summarised) =>
        {
            for (int length = 0; length <= tokens.Length; length++)
            {
                List<ReplyEvent> events = Parse(tokens.AsSpan(0, length), thinking, length < tokens.Length);
                var end = new ReplyEnd(((Finished)events[^1]).Reason, null, new GenerationUsage(10, 3, length, 1));
                StreamAndBody.Check(events, end, summarised);
            }
        }, iter: 20);
    }

    private static List<ReplyEvent> Parse(ReadOnlySpan<int> tokens, bool thinking, bool cut)
    {
        var events = new List<ReplyEvent>();
        IReplyParser parser = Model.CreateReplyParser(thinking);
        foreach (int token in tokens)
            parser.Push(token, events);
        parser.Complete(cut && !parser.IsComplete ? FinishReason.Length : FinishReason.Stop, events);
        return events;
    }

    private static Gen<T> Any<T>(params T[] values) => Gen.Int[0, values.Length - 1].Select(i => values[i]);

    private static int[] Bytes(string text) => [.. Encoding.UTF8.GetBytes(text).Select(value => 7 + value)];

    /// <summary>A tag; the bar stands for the control token.</summary>
    private static int[] Tag(string tag)
    {
        int bar = tag.IndexOf('|', StringComparison.Ordinal);
        return [.. Bytes(tag[..bar]), Tokenizer.Control.Dsml, .. Bytes(tag[(bar + 1)..])];
    }
}
