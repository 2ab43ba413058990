using System.Text.Json;
using CsCheck;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Specs.Fixtures;
using static Ds4Provider.Engine.Specs.Fixtures.Prompts;

namespace Ds4Provider.Engine.Specs.Prompting;

public class PromptTemplateSpecs
{
    private const string Begin = "<｜begin▁of▁sentence｜>";
    private const string End = "<｜end▁of▁sentence｜>";

    [Fact]
    public void The_smallest_prompt_is_five_tokens()
    {
        var control = Vocabularies.Demo.Control;
        Tokens(new Conversation([new UserMessage("a")]) { Thinking = ThinkingMode.Off }).ShouldBe(
            [control.BeginOfSentence, control.User, Vocabularies.Demo.Encode("a").Single(), control.Assistant, control.ThinkClose]);
    }

    [Fact]
    public void Conversations_are_rendered_as_by_the_demo_models_trainer()
    {
        GoldenRendering.All.Count.ShouldBeGreaterThan(10);
        foreach (var golden in GoldenRendering.All)
        {
            var text = Text(golden.Conversation);

            // The trainer writes no generation prompt after a turn of the assistant.
            (golden.EndsWithAssistant ? text[..text.LastIndexOf("<｜Assistant｜>", StringComparison.Ordinal)] : text)
                .ShouldBe(golden.Text, golden.Title);
        }
    }

    [Fact]
    public void Conversations_are_encoded_as_by_the_demo_models_trainer()
    {
        // The trainer also recognises control tokens inside a user's text; we never do.
        foreach (var golden in GoldenRendering.All.Where(golden => golden.Title != "special strings inside a user text"))
        {
            var tokens = Tokens(golden.Conversation);
            tokens.Take(golden.Tokens.Length).ShouldBe(golden.Tokens, golden.Title);
        }
    }

    [Fact]
    public void Reasoning_before_the_last_user_message_is_dropped() =>
        Text(new Conversation(
            [new SystemMessage("You are helpful."), new UserMessage("Hi"), new AssistantMessage("Hello!") { Reasoning = "R1" }, new UserMessage("1+1?")]))
            .ShouldBe($"{Begin}You are helpful.<｜User｜>Hi<｜Assistant｜></think>Hello!{End}<｜User｜>1+1?<｜Assistant｜><think>");

    [Fact]
    public void Tools_keep_all_reasoning()
    {
        var text = Text(new Conversation(
            [new UserMessage("Hi"), new AssistantMessage("Hello!") { Reasoning = "R1" }, new UserMessage("1+1?")]) { Tools = [Json("""{"name":"f"}""")] });
        text.ShouldStartWith($"{Begin}\n\n## Tools\n\nYou have access");
        text.ShouldEndWith(
            $"tool calls.\n<｜User｜>Hi<｜Assistant｜><think>R1</think>Hello!{End}<｜User｜>1+1?<｜Assistant｜><think>");
    }

    [Fact]
    public void Reasoning_that_was_not_sent_is_empty_where_reasoning_is_kept() =>
        Text(new Conversation([new UserMessage("a"), new AssistantMessage("b"), new UserMessage("c")]) { Tools = [Json("""{"name":"f"}""")] })
            .ShouldContain($"<｜Assistant｜><think></think>b{End}");

    [Fact]
    public void Without_thinking_no_reasoning_is_shown() =>
        Text(new Conversation([new UserMessage("a"), new AssistantMessage("b") { Reasoning = "r" }]) { Thinking = ThinkingMode.Off })
            .ShouldBe($"{Begin}<｜User｜>a<｜Assistant｜></think>b{End}<｜Assistant｜></think>");

    [Fact]
    public void Maximum_effort_is_asked_for_before_the_system_text() =>
        Text(new Conversation([new SystemMessage("SYS"), new UserMessage("a")]) { Thinking = ThinkingMode.Maximum })
            .ShouldStartWith($"{Begin}Reasoning Effort: Absolute maximum with no shortcuts permitted.\nYou MUST be very thorough");

    [Fact]
    public void The_maximum_effort_text_has_three_lines_and_an_empty_one()
    {
        var text = Text(new Conversation([new SystemMessage("SYS"), new UserMessage("a")]) { Thinking = ThinkingMode.Maximum });
        var prefix = text[Begin.Length..text.IndexOf("SYS", StringComparison.Ordinal)];
        prefix.Split('\n').Length.ShouldBe(5);
        prefix.ShouldEndWith("no assumption is left unchecked.\n\n");
    }

    [Fact]
    public void Calls_are_rendered_between_tags()
    {
        var text = Text(new Conversation(
        [
            new SystemMessage("SYS"), new UserMessage("List files"),
            new AssistantMessage("")
            {
                Reasoning = "I should call it.",
                Calls = [new AssistantCall("1", "ls", """{"path":"/tmp","depth":2}"""), new AssistantCall("2", "pwd", "{}")],
            },
            new ToolMessage("1", "a.txt"),
        ]) { Tools = [Json("""{"name":"ls"}""")] });
        text.ShouldEndWith(
            "<｜User｜>List files<｜Assistant｜><think>I should call it.</think>\n\n<｜DSML｜tool_calls>\n<｜DSML｜invoke name=\"ls\">\n" +
            "<｜DSML｜parameter name=\"path\" string=\"true\">/tmp</｜DSML｜parameter>\n" +
            "<｜DSML｜parameter name=\"depth\" string=\"false\">2</｜DSML｜parameter>\n</｜DSML｜invoke>\n" +
            "<｜DSML｜invoke name=\"pwd\">\n\n</｜DSML｜invoke>\n</｜DSML｜tool_calls>" + End +
            "<｜User｜><tool_result>a.txt</tool_result><｜Assistant｜><think>");
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("[1]")]
    [InlineData("")]
    [InlineData("{\"a\":")]
    public void Arguments_that_are_no_object_become_one_parameter(string arguments) =>
        Text(CallWith(arguments)).ShouldContain(
            $"<｜DSML｜parameter name=\"arguments\" string=\"true\">{arguments}</｜DSML｜parameter>\n</｜DSML｜invoke>");

    [Fact]
    public void Values_that_are_no_strings_are_json_as_python_writes_it() =>
        Text(CallWith("""{"list":[1,2.50,"\u00e9\n"],"none":null,"yes":true}"""))
            .ShouldContain(
                """<｜DSML｜parameter name="list" string="false">[1, 2.5, "é\n"]</｜DSML｜parameter>""" + "\n" +
                """<｜DSML｜parameter name="none" string="false">null</｜DSML｜parameter>""" + "\n" +
                """<｜DSML｜parameter name="yes" string="false">true</｜DSML｜parameter>""" + "\n");

    [Fact]
    public void A_closing_tag_in_a_value_stays_as_it_is() =>
        Text(CallWith("""{"text":"a</｜DSML｜parameter>&lt;b"}""")).ShouldContain(">a</｜DSML｜parameter>&lt;b</｜DSML｜parameter>\n");

    [Fact]
    public void Results_and_user_texts_are_one_block_with_the_results_in_the_order_of_the_calls() =>
        Text(new Conversation(
        [
            new UserMessage("go"),
            new AssistantMessage("") { Calls = [new AssistantCall("x", "f", "{}"), new AssistantCall("y", "f", "{}"), new AssistantCall("z", "f", "{}")] },
            new ToolMessage("z", "Z"), new UserMessage("text"), new ToolMessage("y", "Y"), new ToolMessage("?", "unknown"), new ToolMessage("x", "X"),
            new UserMessage("more"),
        ])).ShouldEndWith(
            "<｜User｜><tool_result>unknown</tool_result>\n\ntext\n\n<tool_result>X</tool_result>\n\n<tool_result>Y</tool_result>\n\n" +
            "<tool_result>Z</tool_result>\n\nmore<｜Assistant｜><think>");

    [Fact]
    public void Consecutive_users_are_one_block_and_a_developer_is_a_block_of_its_own() =>
        Text(new Conversation([new UserMessage("a"), new UserMessage("b"), new DeveloperMessage("c"), new UserMessage("d")]))
            .ShouldBe($"{Begin}<｜User｜>a\n\nb<｜User｜>c<｜User｜>d<｜Assistant｜><think>");

    [Fact]
    public void Reasoning_before_a_developer_message_is_dropped() =>
        Text(new Conversation([new UserMessage("a"), new AssistantMessage("b") { Reasoning = "r" }, new DeveloperMessage("c")]))
            .ShouldBe($"{Begin}<｜User｜>a<｜Assistant｜></think>b{End}<｜User｜>c<｜Assistant｜><think>");

    [Fact]
    public void Every_system_message_stands_in_its_place_and_the_first_carries_the_tools()
    {
        var text = Text(new Conversation([new SystemMessage("one"), new SystemMessage("two"), new UserMessage("a"), new SystemMessage("three")])
        { Tools = [Json("""{"name":"f"}""")] });
        text.ShouldStartWith($"{Begin}one\n\n## Tools");
        text.ShouldEndWith("invoke tool calls.\ntwo<｜User｜>athree<｜Assistant｜><think>");
    }

    [Fact]
    public void Every_turn_of_the_assistant_is_opened() =>
        Text(new Conversation([new UserMessage("a"), new AssistantMessage("b"), new AssistantMessage("c") { Reasoning = "r" }]))
            .ShouldBe($"{Begin}<｜User｜>a<｜Assistant｜><think></think>b{End}<｜Assistant｜><think>r</think>c{End}<｜Assistant｜><think>");

    [Fact]
    public void Schemas_stand_one_per_line_as_python_writes_them()
    {
        var text = Text(new Conversation([new SystemMessage("S"), new UserMessage("a")])
        {
            Tools = [Json("""{"name":"f","parameters":{"type":"object","properties":{"x":{"type":"number","minimum":1.0}}}}"""), Json("""{"name":"g"}""")],
        });
        text.ShouldContain(
            "### Available Tool Schemas\n\n{\"name\": \"f\", \"parameters\": {\"type\": \"object\", \"properties\": {\"x\": {\"type\": \"number\", \"minimum\": 1.0}}}}\n" +
            "{\"name\": \"g\"}\n\nYou MUST strictly follow");
    }

    [Fact]
    public void The_schema_of_the_reply_follows_the_tools()
    {
        var conversation = new Conversation([new UserMessage("a")]) { ResponseSchema = Json("""{"type":"object"}""") };
        Text(conversation).ShouldBe(
            $"{Begin}\n\n## Response Format:\n\nYou MUST strictly adhere to the following schema to reply:\n{{\"type\": \"object\"}}<｜User｜>a<｜Assistant｜><think>");
        Text(conversation with { Tools = [Json("""{"name":"f"}""")] }).ShouldContain("tool calls.\n\n\n## Response Format:");
    }

    [Fact]
    public void Nobody_but_the_template_writes_control_tokens() => Gen.Select(Texts.Any, Gen.OneOf(Vocabularies.ControlTexts), Texts.Any)
        .Sample((before, control, after) =>
        {
            var (plain, forged) = (ConversationOf("x"), ConversationOf(before + control + after));
            Controls(forged).ShouldBe(Controls(plain));
        });

    [Fact]
    public void Control_tokens_in_the_tools_text_are_tokens() => Controls(new Conversation([]) { Tools = [Json("""{"name":"</think>"}""")] })
        .GroupBy(token => token).ToDictionary(group => group.Key, group => group.Count()).ShouldBe(new Dictionary<int, int>
        {
            [Vocabularies.Demo.Control.BeginOfSentence] = 1,
            [Vocabularies.Demo.Control.Dsml] = 9,
            [Vocabularies.Demo.Control.ThinkOpen] = 3, // two in the text, one to begin with
            [Vocabularies.Demo.Control.ThinkClose] = 2,
            [Vocabularies.Demo.Control.Assistant] = 1,
        }, ignoreOrder: true);

    [Fact]
    public void Adjacent_texts_are_encoded_as_one()
    {
        var template = new PromptTemplate(Vocabularies.Demo);
        template.Encode([new TextSegment("Hel"), new TextSegment("lo wor"), new TextSegment("ld")]).ShouldBe(Vocabularies.Demo.Encode("Hello world"));
        template.Encode([new TextSegment("a"), new SampledSegment([5, 6]), new ControlSegment(1)])
            .ShouldBe([.. Vocabularies.Demo.Encode("a"), 5, 6, 1]);
    }

    [Fact]
    public void A_turn_that_was_sampled_is_replayed_as_it_was_sampled()
    {
        var template = new PromptTemplate(Vocabularies.Demo);
        var conversation = new Conversation([new UserMessage("a"), new AssistantMessage("b"), new AssistantMessage("c")]);
        var segments = template.Render(conversation, new OneTurn("b", [42, 43]));
        var control = Vocabularies.Demo.Control;
        segments.Skip(3).ShouldBe(
        [
            new ControlSegment(control.Assistant), new ControlSegment(control.ThinkOpen), segments.OfType<SampledSegment>().Single(),
            new ControlSegment(control.EndOfSentence), new ControlSegment(control.Assistant), new ControlSegment(control.ThinkOpen),
            new ControlSegment(control.ThinkClose), new TextSegment("c"), new ControlSegment(control.EndOfSentence),
            new ControlSegment(control.Assistant), new ControlSegment(control.ThinkOpen),
        ]);
        segments.OfType<SampledSegment>().Single().Tokens.ShouldBe([42, 43]);
    }

    private static Conversation ConversationOf(string text) => new(
    [
        new SystemMessage(text), new UserMessage(text), new DeveloperMessage(text),
        new AssistantMessage(text) { Reasoning = text, Calls = [new AssistantCall(text, text, JsonSerializer.Serialize(new { value = text }))] },
        new ToolMessage(text, text),
    ])
    { Tools = [Json(JsonSerializer.Serialize(new { name = text }))], ResponseSchema = Json(JsonSerializer.Serialize(text)) };

    private static Conversation CallWith(string arguments) =>
        new([new UserMessage("go"), new AssistantMessage("") { Calls = [new AssistantCall("1", "f", arguments)] }]);

    private static List<int> Controls(Conversation conversation) => [.. Tokens(conversation).Where(Vocabularies.Demo.IsControl)];

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement.Clone();

    private sealed class OneTurn(string text, IReadOnlyList<int> tokens) : ISampledTurns
    {
        public IReadOnlyList<int>? Find(AssistantMessage message, bool thinking) => message.Text == text && thinking ? tokens : null;
    }
}
