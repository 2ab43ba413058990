using System.Text.Json;
using CsCheck;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Replies;

public class ReplyParserPropertySpecs
{
    /// <summary>Whole tags and pieces of tags are tokens, so that random streams reach every state.</summary>
    private static readonly BytePairTokenizer Tagged = CreateTagged();

    private static readonly string[] Pieces =
    [
        "<", "</", "｜DSML｜", "｜DSML｜", "tool_calls>", "tool_", "calls>", "invoke", " name=\"f\">", " name=\"", "parameter", "parameter>", "invoke>",
        " name=\"x\" string=\"true\">", " name=\"y\" string=\"false\">", " name=\"z\">", ">", "\"", "\n", "\n\n", " ", "a", "1", "{", "[1]", "\\", "é",
        "</think>", "<think>", "<｜User｜>", "<｜end▁of▁sentence｜>",
        "\n\n<｜DSML｜tool_calls>\n", "<｜DSML｜invoke name=\"f\">\n", "<｜DSML｜parameter name=\"x\" string=\"true\">",
        "<｜DSML｜parameter name=\"y\" string=\"false\">", "</｜DSML｜parameter>\n", "</｜DSML｜invoke>\n",
    ];

    private static readonly string[] Whole =
    [
        "a", "\n\n<｜DSML｜tool_calls>\n", "<｜DSML｜invoke name=\"f\">\n", "<｜DSML｜parameter name=\"x\" string=\"true\">", "é\"", "</｜DSML｜parameter>\n",
        "<｜DSML｜parameter name=\"y\" string=\"false\">", "[1]", "</｜DSML｜parameter>\n", "</｜DSML｜invoke>\n",
        "<｜DSML｜invoke name=\"g\">\n", "\n", "</｜DSML｜invoke>\n", "</｜DSML｜tool_calls>",
    ];

    /// <summary>A whole reply in which a few pieces were exchanged.</summary>
    private static Gen<int[]> Mutated { get; } = Gen.Select(Gen.Int[0, Whole.Length - 1], Gen.OneOf(["", .. Pieces])).Array[0, 3].Select(exchanges =>
    {
        var pieces = Whole.ToArray();
        foreach (var (at, piece) in exchanges)
        {
            pieces[at] = piece;
        }

        return ReplyRun.Tokens(Tagged, string.Concat(pieces)).ToArray();
    });

    private static Gen<int[]> Stream { get; } = Gen.OneOf(
            Mutated,
            Mutated,
            Gen.OneOf(Pieces).Array[0, 40].Select(pieces => ReplyRun.Tokens(Tagged, string.Concat(pieces)).ToArray()),
            Gen.OneOf(Pieces).Select(piece => ReplyRun.Tokens(Tagged, piece).ToArray()).Array[0, 40].Select(pieces => pieces.SelectMany(piece => piece).ToArray()),
            Gen.Int[0, Tagged.VocabularySize - 1].Array[0, 60])
        .SelectMany(tokens => Gen.Int[0, 2 * tokens.Length].Select(cut => tokens[..Math.Min(cut, tokens.Length)]));

    [Fact]
    public void Any_stream_of_tokens_gives_a_well_formed_reply() =>
        Gen.Select(Stream, Gen.Bool, Gen.Bool, Gen.Enum<FinishReason>()).Sample((tokens, thinking, calls, reason) =>
        {
            var run = ReplyRun.Of(tokens, Tagged, thinking, reason, calls);
            run.Events.OfType<Finished>().Count().ShouldBe(1);
            run.Events[^1].ShouldBeOfType<Finished>();
            foreach (var (_, arguments) in run.Calls)
            {
                JsonDocument.Parse(arguments).RootElement.ValueKind.ShouldBe(JsonValueKind.Object);
            }

            var open = -1;
            var next = 0;
            foreach (var value in run.Events)
            {
                switch (value)
                {
                    case CallStarted started:
                        open.ShouldBe(-1);
                        started.Index.ShouldBe(next++);
                        open = started.Index;
                        break;
                    case ArgumentsDelta delta:
                        delta.Index.ShouldBe(open);
                        delta.Json.ShouldNotBeEmpty();
                        break;
                    case CallEnded ended:
                        ended.Index.ShouldBe(open);
                        open = -1;
                        break;
                    case TextDelta text:
                        IsWhole(text.Text).ShouldBeTrue();
                        break;
                    case ReasoningDelta reasoning:
                        IsWhole(reasoning.Text).ShouldBeTrue();
                        break;
                }
            }

            open.ShouldBe(-1);
        }, iter: 5_000);

    [Fact]
    public void Random_streams_reach_every_state()
    {
        var (complete, cutInValue, malformed) = (0, 0, 0);
        Stream.Sample(
            tokens =>
            {
                var run = ReplyRun.Of(tokens, Tagged, thinking: false, FinishReason.Length);
                complete += run.Parser.IsComplete && run.Calls.Count > 0 ? 1 : 0;
                cutInValue += !run.Parser.IsComplete && run.Calls.Any(call => call.Arguments.Length > 2) ? 1 : 0;
                malformed += run.Calls.Count > 0 && run.Text.Length > 0 ? 1 : 0;
            },
            iter: 5_000, threads: 1);
        complete.ShouldBeGreaterThan(50);
        cutInValue.ShouldBeGreaterThan(50);
        malformed.ShouldBeGreaterThan(50);
    }

    [Fact]
    public void Without_control_tokens_every_character_is_text() => Texts.WellFormed.Sample(text =>
        ReplyRun.Of(Vocabularies.Demo.Encode(text), Vocabularies.Demo, thinking: false).Text.ShouldBe(text));

    [Fact]
    public void It_does_not_matter_how_tokens_share_the_bytes() => Gen.OneOf(Pieces).Array[0, 40].Sample(pieces =>
    {
        var text = string.Concat(pieces);
        var (coarse, fine) = (ReplyRun.Of(ReplyRun.Tokens(Tagged, text), Tagged, false), ReplyRun.Of(ReplyRun.Tokens(Vocabularies.Small(), text), Vocabularies.Small(), false));
        Joined(coarse.Events).ShouldBe(Joined(fine.Events));
    });

    [Fact]
    public void A_turn_that_was_rendered_is_read_as_the_same_turn() => Gen.Select(Turn, Gen.Bool).Sample((turn, thinking) =>
    {
        var conversation = new Conversation([new UserMessage("u"), turn]) { Thinking = thinking ? ThinkingMode.On : ThinkingMode.Off };
        var template = new PromptTemplate(Vocabularies.Demo);
        var prompt = template.Encode(template.Render(conversation));
        var control = Vocabularies.Demo.Control;
        var start = Enumerable.Range(0, prompt.Count).First(i => prompt[i] == control.Assistant) + 2;
        var end = Enumerable.Range(start, prompt.Count - start).First(i => prompt[i] == control.EndOfSentence);

        var run = ReplyRun.Of(prompt.Skip(start).Take(end - start), Vocabularies.Demo, thinking);
        run.Text.ShouldBe(turn.Text);
        run.Reasoning.ShouldBe(thinking ? turn.Reasoning : "");
        run.Calls.ShouldBe(turn.Calls.Select(call => (call.Name, call.Arguments)));
        run.Parser.IsComplete.ShouldBe(turn.Calls.Count > 0);
    });

    private static Gen<AssistantMessage> Turn { get; } = Gen.Select(Texts.WellFormed, Texts.WellFormed, Call.Array[0, 3]).Select((text, reasoning, calls) =>
        new AssistantMessage(calls.Length > 0 ? text.TrimEnd(' ', '\t', '\r', '\n') : text) { Reasoning = reasoning, Calls = calls });

    private static Gen<AssistantCall> Call => Gen.Select(
        Gen.OneOf("read", "bash", "a.b-c_d"),
        Gen.Select(Gen.OneOf("path", "x y", "ключ", "k\\"), Gen.OneOf(Texts.WellFormed.Select(Quoted), Gen.OneOf("1", "-2.5", "true", "null", "[1, \"a\"]", "{\"a\": {}}")))
            .Array[0, 4])
        .Select((name, parameters) => new AssistantCall("1", name, "{" + string.Join(", ", parameters
            .DistinctBy(parameter => parameter.Item1).Select(parameter => $"{Quoted(parameter.Item1)}: {parameter.Item2}")) + "}"));

    private static string Quoted(string text) => Ds4Provider.Engine.Json.JsonDumps.Write(text);

    private static bool IsWhole(string text) => text.Length > 0 && Texts.WithoutSurrogates(text) == text;

    private static IEnumerable<ReplyEvent> Joined(IEnumerable<ReplyEvent> events)
    {
        ReplyEvent? last = null;
        foreach (var value in events)
        {
            var joined = (last, value) switch
            {
                (TextDelta before, TextDelta after) => new TextDelta(before.Text + after.Text),
                (ArgumentsDelta before, ArgumentsDelta after) => new ArgumentsDelta(before.Index, before.Json + after.Json),
                _ => (ReplyEvent?)null,
            };
            if (joined is null && last is not null)
            {
                yield return last;
            }

            last = joined ?? value;
        }

        if (last is not null)
        {
            yield return last;
        }
    }

    private static BytePairTokenizer CreateTagged()
    {
        var merges = new List<string>();
        foreach (var word in new[] { "tool", "_calls", "invoke", "parameter", "Ġname", "=\"", "Ġstring", "true", "false", "</", "ĊĊ", ">Ċ" })
        {
            for (var length = 2; length <= word.Length; length++)
            {
                var merge = $"{word[..(length - 1)]} {word[length - 1]}";
                if (!merges.Contains(merge))
                {
                    merges.Add(merge);
                }
            }
        }

        return Vocabularies.Small([.. merges]);
    }
}
