using System.Text;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Ds4Provider.Engine.Specs.Replies;

public class ReplyParserSpecs
{
    private const string Open = "\n\n<｜DSML｜tool_calls>\n";
    private const string Close = "</｜DSML｜tool_calls>";

    [Fact]
    public void Text_is_text()
    {
        var run = ReplyRun.Of("Hello, wörld 😀!\n");
        run.Text.ShouldBe("Hello, wörld 😀!\n");
        run.Reason.ShouldBe(FinishReason.Stop);
        run.Events.ShouldAllBe(value => value is TextDelta || value is Finished);
    }

    [Fact]
    public void Reasoning_ends_with_its_token()
    {
        var run = ReplyRun.Of("Hm. 2?</think>\nTwo", thinking: true);
        run.Reasoning.ShouldBe("Hm. 2?");
        run.Text.ShouldBe("\nTwo");
        run.Parser.ReasoningTokens.ShouldBe(Vocabularies.Demo.Encode("Hm. 2?").Count);
    }

    [Fact]
    public void Text_that_looks_like_the_end_of_reasoning_does_not_end_it()
    {
        var run = ReplyRun.Of([.. Vocabularies.Demo.Encode("a</think>b")], Vocabularies.Demo, thinking: true);
        run.Reasoning.ShouldBe("a</think>b");
        run.Text.ShouldBe("");
    }

    [Fact]
    public void Text_that_looks_like_a_call_is_text()
    {
        const string Echoed = $"{Open}<｜DSML｜invoke name=\"f\">\n\n</｜DSML｜invoke>\n{Close}";
        var run = ReplyRun.Of([.. Vocabularies.Demo.Encode(Echoed)], Vocabularies.Demo, thinking: false);
        run.Text.ShouldBe(Echoed);
        run.Calls.ShouldBeEmpty();
    }

    [Fact]
    public void A_call_is_read_with_its_arguments()
    {
        var run = ReplyRun.Of(
            "I look." + Open + "<｜DSML｜invoke name=\"read\">\n<｜DSML｜parameter name=\"path\" string=\"true\">/tmp/\"ä\"\n</｜DSML｜parameter>\n" +
            "<｜DSML｜parameter name=\"limit\" string=\"false\">[1, {\"a\": null}]</｜DSML｜parameter>\n</｜DSML｜invoke>\n" + Close);
        run.Text.ShouldBe("I look.");
        run.Calls.ShouldBe([("read", """{"path": "/tmp/\"ä\"\n", "limit": [1, {"a": null}]}""")]);
        run.Reason.ShouldBe(FinishReason.ToolCalls);
        run.Parser.IsComplete.ShouldBeTrue();
        run.Events.OfType<CallStarted>().Single().ShouldBe(new CallStarted(0, "call_0", "read"));
        run.Events.OfType<CallEnded>().Single().ShouldBe(new CallEnded(0));
        run.Events[^1].ShouldBeOfType<Finished>();
    }

    [Fact]
    public void Several_calls_are_read_in_their_order()
    {
        var run = ReplyRun.Of(
            Open + "<｜DSML｜invoke name=\"a\">\n\n</｜DSML｜invoke>\n<｜DSML｜invoke name=\"b\">\n<｜DSML｜parameter name=\"x\" string=\"true\"></｜DSML｜parameter>\n</｜DSML｜invoke>\n" + Close);
        run.Calls.ShouldBe([("a", "{}"), ("b", """{"x": ""}""")]);
        run.Text.ShouldBe("");
        run.Events.Where(value => value is CallStarted or CallEnded).Select(value => value switch
        {
            CallStarted started => $"start {started.Index}",
            CallEnded ended => $"end {ended.Index}",
            _ => "",
        }).ShouldBe(["start 0", "end 0", "start 1", "end 1"]);
    }

    [Fact]
    public void A_string_argument_grows_while_it_is_generated()
    {
        var tokenizer = Vocabularies.Small();
        var parser = ReplyRun.Parse(tokenizer, thinking: false);
        var events = new List<ReplyEvent>();
        PushAll(Open + "<｜DSML｜invoke name=\"write\">\n<｜DSML｜parameter name=\"text\" string=\"true\">");
        string.Concat(Deltas()).ShouldBe("""{"text": " """.TrimEnd());
        foreach (var (piece, json) in new[] { ("a", "a"), ("\n", "\\n"), ("\"", "\\\""), ("<", ""), ("b", "<b"), ("<", ""), ("/", ""), ("c", "</c") })
        {
            events.Clear();
            PushAll(piece);
            string.Concat(Deltas()).ShouldBe(json);
        }

        void PushAll(string text) => ReplyRun.Tokens(tokenizer, text).ForEach(token => parser.Push(token, events));

        IEnumerable<string> Deltas() => events.OfType<ArgumentsDelta>().Select(delta => delta.Json);
    }

    [Fact]
    public void A_character_that_spans_tokens_is_not_torn()
    {
        var tokenizer = Vocabularies.Small();
        var run = ReplyRun.Of(ReplyRun.Tokens(tokenizer, "x😀é"), tokenizer, thinking: false);
        run.Events.ShouldBe([new TextDelta("x"), new TextDelta("😀"), new TextDelta("é"), new Finished(FinishReason.Stop)]);
    }

    [Fact]
    public void Bytes_that_never_become_a_character_are_the_replacement_character()
    {
        var tokenizer = Vocabularies.Small();
        var emoji = tokenizer.Encode("😀");
        ReplyRun.Of([.. emoji[..2], .. tokenizer.Encode("x"), emoji[0]], tokenizer, thinking: false).Text.ShouldBe("\uFFFDx\uFFFD");
        ReplyRun.Of([emoji[0], tokenizer.Control.ThinkClose, emoji[1]], tokenizer, thinking: true).Reasoning.ShouldBe("\uFFFD");
    }

    [Fact]
    public void White_space_is_held_until_it_is_known_not_to_belong_to_a_block()
    {
        var tokenizer = Vocabularies.Small();
        var parser = ReplyRun.Parse(tokenizer, thinking: false);
        var events = new List<ReplyEvent>();
        tokenizer.Encode("a \n<").ForEach(token => parser.Push(token, events));
        events.ShouldBe([new TextDelta("a")]);
        tokenizer.Encode("b").ForEach(token => parser.Push(token, events));
        events.ShouldBe([new TextDelta("a"), new TextDelta(" \n<b")]);
        tokenizer.Encode("\n\n").ForEach(token => parser.Push(token, events));
        parser.Complete(FinishReason.Stop, events);
        events[2..].ShouldBe([new TextDelta("\n\n"), new Finished(FinishReason.Stop)]);
    }

    [Theory]
    [InlineData("1.50")]
    [InlineData("true")]
    [InlineData(" [1,2] ")]
    [InlineData("\"text\"")]
    public void A_json_value_is_handed_out_as_it_stands(string value) =>
        ReplyRun.Of(CallWith($"<｜DSML｜parameter name=\"x\" string=\"false\">{value}</｜DSML｜parameter>\n"))
            .Calls.ShouldBe([("f", $"{{\"x\": {value}}}")]);

    [Theory]
    [InlineData("")]
    [InlineData("yes")]
    [InlineData("NaN")]
    [InlineData("[{\"newText\": \"say \"hi\"\"}]")]
    [InlineData("[1, 2")]
    [InlineData("\"\\ud83d\"")] // half a character
    public void A_value_that_is_not_the_json_it_says_to_be_becomes_a_string(string value)
    {
        var run = ReplyRun.Of(CallWith($"<｜DSML｜parameter name=\"x\" string=\"false\">{value}</｜DSML｜parameter>\n"));
        System.Text.Json.JsonDocument.Parse(run.Calls.Single().Arguments).RootElement.GetProperty("x").GetString().ShouldBe(value);
    }

    [Fact]
    public void A_value_holds_whatever_is_not_its_closing_tag()
    {
        const string Value = " <b> </parameter> </｜DSML｜invoke> <｜DSML｜parameter name=\"y\"> ｜DSML｜ </";
        var run = ReplyRun.Of(CallWith($"<｜DSML｜parameter name=\"x\" string=\"true\">{Value}</｜DSML｜parameter>\n"));
        System.Text.Json.JsonDocument.Parse(run.Calls.Single().Arguments).RootElement.GetProperty("x").GetString().ShouldBe(Value);
    }

    [Fact]
    public void A_parameter_without_its_kind_is_a_string() =>
        ReplyRun.Of(CallWith("<｜DSML｜parameter name=\"x\">1</｜DSML｜parameter>")).Calls.ShouldBe([("f", """{"x": "1"}""")]);

    [Fact]
    public void A_second_parameter_of_one_name_is_surfaced_as_text()
    {
        var run = ReplyRun.Of(CallWith(
            "<｜DSML｜parameter name=\"x\" string=\"true\">1</｜DSML｜parameter>\n<｜DSML｜parameter name=\"x\" string=\"true\">2</｜DSML｜parameter>\n"));
        run.Calls.ShouldBe([("f", """{"x": "1"}""")]);
        run.Text.ShouldContain("2");
        run.Parser.IsComplete.ShouldBeTrue();
    }

    [Fact]
    public void What_is_no_call_inside_a_block_is_surfaced_as_text()
    {
        var run = ReplyRun.Of(Open + "oops <｜DSML｜what>\n<｜DSML｜invoke name=\"f\">\n</｜DSML｜invoke>\n" + Close);
        run.Text.ShouldBe("\noops <｜DSML｜what>");
        run.Calls.ShouldBe([("f", "{}")]);
    }

    [Fact]
    public void A_call_whose_end_is_missing_ends_where_the_next_begins()
    {
        var run = ReplyRun.Of(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜invoke name=\"g\">\n" + Close);
        run.Calls.ShouldBe([("f", "{}"), ("g", "{}")]);
        run.Events.OfType<CallEnded>().Count().ShouldBe(2);
        run.Parser.IsComplete.ShouldBeTrue();
    }

    [Theory]
    [InlineData("", "{}")]
    [InlineData("<｜DSML｜parameter name=\"x", "{}")]
    [InlineData("<｜DSML｜parameter name=\"x\" string=\"true\">", """{"x": ""}""")]
    [InlineData("<｜DSML｜parameter name=\"x\" string=\"true\">a\n<", """{"x": "a\n<"}""")]
    [InlineData("<｜DSML｜parameter name=\"x\" string=\"true\">a</｜DSML｜param", """{"x": "a"}""")]
    [InlineData("<｜DSML｜parameter name=\"x\" string=\"false\">[1,", """{"x": "[1,"}""")]
    [InlineData("<｜DSML｜parameter name=\"x\" string=\"false\">[1]", """{"x": [1]}""")]
    public void A_call_that_is_cut_off_ends_with_valid_json_and_the_reply_says_so(string parameters, string arguments)
    {
        var run = ReplyRun.Of(Open + "<｜DSML｜invoke name=\"f\">\n" + parameters, reason: FinishReason.Length);
        run.Calls.ShouldBe([("f", arguments)]);
        run.Events[^2].ShouldBe(new CallEnded(0));
        run.Reason.ShouldBe(FinishReason.Length);
        run.Text.ShouldBe("");
    }

    [Theory]
    [InlineData(FinishReason.Stop, FinishReason.ToolCalls)]
    [InlineData(FinishReason.Length, FinishReason.ToolCalls)]
    public void A_whole_block_of_calls_is_why_a_reply_ended(FinishReason given, FinishReason expected) =>
        ReplyRun.Of(CallWith(""), reason: given).Reason.ShouldBe(expected);

    [Fact]
    public void Without_tools_a_call_is_text()
    {
        var reply = CallWith("");
        var run = ReplyRun.Of(reply, allowCalls: false);
        run.Text.ShouldBe(reply);
        run.Calls.ShouldBeEmpty();
        run.Parser.Allows(Vocabularies.Demo.Control.Dsml).ShouldBeFalse();
    }

    [Fact]
    public void Nothing_follows_a_whole_block_or_the_end()
    {
        var parser = ReplyRun.Parse(Vocabularies.Demo, thinking: false);
        var events = new List<ReplyEvent>();
        ReplyRun.Tokens(Vocabularies.Demo, CallWith("") + "more").ForEach(token => parser.Push(token, events));
        events.OfType<TextDelta>().ShouldBeEmpty();
        parser.Complete(FinishReason.Stop, events);
        var count = events.Count;
        parser.Push(Vocabularies.Demo.Encode("x").Single(), events);
        parser.Complete(FinishReason.Stop, events);
        events.Count.ShouldBe(count);
    }

    [Fact]
    public void The_end_of_sentence_is_not_text() => ReplyRun.Of("a<｜end▁of▁sentence｜>").Text.ShouldBe("a");

    [Fact]
    public void Call_ids_are_unique_and_well_known_in_shape()
    {
        using var model = new LoadedModel(new FakeModel(Vocabularies.Demo));
        var ids = new HashSet<string>();
        for (var i = 0; i < 100; i++)
        {
            var events = new List<ReplyEvent>();
            var parser = model.CreateReplyParser(thinking: false);
            ReplyRun.Tokens(Vocabularies.Demo, CallWith("")).ForEach(token => parser.Push(token, events));
            var id = events.OfType<CallStarted>().Single().Id;
            id.ShouldMatch("^call_[0-9a-f]{32}$");
            ids.Add(id).ShouldBeTrue();
        }
    }

    [Theory]
    [InlineData("", true, "end close")]
    [InlineData("think <", true, "end close")]
    [InlineData("x</think>", true, "end")]
    [InlineData("text", false, "end")]
    [InlineData("text <", false, "end tag")]
    [InlineData("text </", false, "end")]
    [InlineData("\n\n<｜DSML｜", false, "")]
    [InlineData("\n\n<｜DSML｜tool_c", false, "")]
    [InlineData(Open, false, "")]
    [InlineData(Open + "<", false, "tag")]
    [InlineData(Open + "</", false, "tag")]
    [InlineData(Open + "oops", false, "end")]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">", false, "")]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\"><", false, "tag")]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\"><｜DSML｜parameter name=\"x\" string=\"true\">a<", false, "")]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\"><｜DSML｜parameter name=\"x\" string=\"true\">a</", false, "tag")]
    [InlineData(Open + Close, false, "end")]
    public void Only_what_the_state_knows_is_allowed(string reply, bool thinking, string allowed)
    {
        var tokenizer = Vocabularies.Demo;
        var parser = ReplyRun.Parse(tokenizer, thinking);
        var events = new List<ReplyEvent>();
        ReplyRun.Tokens(tokenizer, reply).ForEach(token => parser.Push(token, events));
        var names = new Dictionary<int, string>
        {
            [tokenizer.Control.EndOfSentence] = "end",
            [tokenizer.Control.ThinkClose] = "close",
            [tokenizer.Control.Dsml] = "tag",
        };
        string.Join(' ', Enumerable.Range(0, tokenizer.VocabularySize).Where(tokenizer.IsControl).Where(parser.Allows)
            .Select(token => names.GetValueOrDefault(token, Encoding.UTF8.GetString(tokenizer.Bytes(token)))).Order().OrderBy(name => name switch
            {
                "end" => 0,
                "close" => 1,
                _ => 2,
            })).ShouldBe(allowed);
        parser.Allows(tokenizer.Encode("x").Single()).ShouldBeTrue();
    }

    [Theory]
    [InlineData("text \n\n<", false)]
    [InlineData("text \n\n<｜DSML｜tool", true)]
    [InlineData(Open, true)]
    [InlineData(Open + "<｜DSML｜invoke name=\"", true)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">", false)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">a <", false)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">a </", true)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"false\">[1, ", true)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"false\">[\"a\\\"b", false)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"false\">[\"a\\\\\"", true)]
    [InlineData(Open + "<｜DSML｜invoke name=\"f\">\n<｜DSML｜parameter name=\"x\" string=\"true\">a</｜DSML｜parameter>", true)]
    [InlineData(Open + Close, false)]
    public void Syntax_is_what_stands_around_values(string reply, bool syntax)
    {
        var parser = ReplyRun.Parse(Vocabularies.Demo, thinking: false);
        ReplyRun.Tokens(Vocabularies.Demo, reply).ForEach(token => parser.Push(token, new List<ReplyEvent>()));
        parser.IsSyntax.ShouldBe(syntax);
    }

    [Fact]
    public void Reasoning_is_never_syntax()
    {
        var parser = ReplyRun.Parse(Vocabularies.Demo, thinking: true);
        ReplyRun.Tokens(Vocabularies.Demo, Open).ForEach(token => parser.Push(token, new List<ReplyEvent>()));
        parser.IsSyntax.ShouldBeFalse();
    }

    private static string CallWith(string parameters) =>
        $"{Open}<｜DSML｜invoke name=\"f\">\n{parameters}</｜DSML｜invoke>\n{Close}";
}
