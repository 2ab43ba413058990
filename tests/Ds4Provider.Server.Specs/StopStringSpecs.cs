using CsCheck;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class StopStringSpecs
{
    [Fact]
    public void Text_before_a_stop_string_is_passed_on_and_nothing_after_it()
    {
        Run(["STOP"], "a ", "ST", "OP", " b").ShouldBe(("a ", FinishReason.Stop));
    }

    [Fact]
    public void A_beginning_that_does_not_become_a_stop_string_is_released()
    {
        Run(["STOP"], "a ST", "AND ST").ShouldBe(("a STAND ST", FinishReason.Length));
    }

    [Fact]
    public void The_first_of_several_stop_strings_counts()
    {
        Run(["world", "lo w"], "Hello world").ShouldBe(("Hel", FinishReason.Stop));
    }

    [Fact]
    public void Nothing_that_may_begin_a_stop_string_is_passed_on_early()
    {
        var passed = new List<ReplyEvent>();
        var stops = new StopStrings(["abc"]);

        stops.Push(new TextDelta("xxab"), passed.Add);
        passed.ShouldBe([new TextDelta("xx")]);
        stops.Push(new TextDelta("ab"), passed.Add);
        passed.ShouldBe([new TextDelta("xx"), new TextDelta("ab")]);
    }

    [Fact]
    public void Reasoning_and_arguments_are_not_searched_and_release_held_text()
    {
        var passed = new List<ReplyEvent>();
        var stops = new StopStrings(["{}"]);
        ReplyEvent[] events =
        [
            new ReasoningDelta("{}"), new TextDelta("a{"), new CallStarted(0, "i", "n"), new ArgumentsDelta(0, "{}"), new CallEnded(0),
            new Finished(FinishReason.ToolCalls),
        ];

        foreach (ReplyEvent replyEvent in events)
            stops.Push(replyEvent, passed.Add);

        passed.ShouldBe([events[0], new TextDelta("a"), new TextDelta("{"), .. events[2..]]);
    }

    [Fact]
    public void However_a_text_is_cut_a_single_stop_string_ends_it_at_the_same_place()
    {
        Gen.Select(Gen.String[Gen.Char["abc"], 0, 30], Gen.String[Gen.Char["abc"], 1, 4], Gen.Int[1, 5].Array[1, 30]).Sample((text, stop, cuts) =>
        {
            var pieces = new List<string>();
            int at = 0;
            for (int i = 0; at < text.Length; i++)
            {
                int length = Math.Min(cuts[i % cuts.Length], text.Length - at);
                pieces.Add(text.Substring(at, length));
                at += length;
            }
            int expected = text.IndexOf(stop, StringComparison.Ordinal);

            (string passed, FinishReason reason) = Run([stop], [.. pieces]);

            return passed == (expected < 0 ? text : text[..expected])
                && reason == (expected < 0 ? FinishReason.Length : FinishReason.Stop);
        });
    }

    [Fact(Timeout = 30_000)]
    public async Task A_stop_string_ends_a_reply_although_it_spans_tokens_but_not_in_the_reasoning()
    {
        await using TestServer server = await TestServer.StartAsync(
            new ScriptedModel().Replies(new Script().Think("lo wo").Say("Hello world").Unended()));

        var body = await server.ReplyAsync(Ask.For("Hi", """{"stop":"lo wo"}"""));

        body["choices"]![0]!["message"]!["content"]!.GetValue<string>().ShouldBe("Hel");
        body["choices"]![0]!["message"]!["reasoning_content"]!.GetValue<string>().ShouldBe("lo wo");
        body["choices"]![0]!["finish_reason"]!.GetValue<string>().ShouldBe("stop");
    }

    private static (string Text, FinishReason Reason) Run(string[] stops, params string[] pieces)
    {
        var filter = new StopStrings(stops);
        var transcript = new ReplyTranscript();
        foreach (string piece in pieces)
            filter.Push(new TextDelta(piece), transcript.Add);
        filter.Push(new Finished(FinishReason.Length), transcript.Add);
        return (transcript.Text, transcript.Reason!.Value);
    }
}
