using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs.Conformance;

/// <summary>Lines 1 to 3 of the conformance table.</summary>
public sealed class ThinkingSpecs
{
    [Fact] // 1
    public void A_request_that_says_nothing_thinks_and_samples_with_min_p()
    {
        GenerationRequest request = Chat("{}");

        Thinking(request).ShouldBe(ThinkingMode.On);
        request.Sampling.ShouldBe(new SamplingOptions { Temperature = 1, TopP = 1, MinP = 0.05, TopK = 0, Seed = null });
    }

    [Theory] // 2
    [InlineData("none", ThinkingMode.Off)]
    [InlineData("minimal", ThinkingMode.On)]
    [InlineData("low", ThinkingMode.On)]
    [InlineData("medium", ThinkingMode.On)]
    [InlineData("high", ThinkingMode.On)]
    [InlineData("xhigh", ThinkingMode.On)]
    [InlineData("max", ThinkingMode.Maximum)]
    public void An_effort_means_the_same_on_every_API(string effort, ThinkingMode expected)
    {
        Thinking(Chat($$"""{"reasoning_effort":"{{effort}}"}""")).ShouldBe(expected);
        Thinking(Messages($$"""{"output_config":{"effort":"{{effort}}"} }""")).ShouldBe(expected);
        Thinking(Messages($$"""{"reasoning_effort":"{{effort}}"}""")).ShouldBe(expected);
        Thinking(Responses($$"""{"reasoning":{"effort":"{{effort}}"} }""")).ShouldBe(expected);
    }

    [Theory(Timeout = 30_000)] // 2
    [InlineData(32_768, false)]
    [InlineData(393_216, true)]
    public async Task The_maximum_effort_needs_a_context_that_holds_it(int context, bool served)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel(context));

        int high = await CountAsync(server, "high");
        int maximum = await CountAsync(server, "max");

        (maximum > high).ShouldBe(served);
    }

    [Theory] // 3
    [InlineData("""{"thinking":{"type":"disabled","budget_tokens":1000}}""", ThinkingMode.Off)]
    [InlineData("""{"thinking":true}""", ThinkingMode.On)]
    [InlineData("""{"thinking":{"type":"adaptive","display":"updates"}}""", ThinkingMode.On)]
    [InlineData("""{"output_config":{"effort":"max"},"thinking":{"type":"enabled","budget_tokens":5}}""", ThinkingMode.Maximum)]
    [InlineData("""{"output_config":{"effort":"max"},"thinking":{"type":"disabled"}}""", ThinkingMode.Off)]
    [InlineData("""{"output_config":{"effort":"none"},"thinking":{"type":"enabled"}}""", ThinkingMode.Off)]
    public void The_controls_of_thinking_may_stand_together_and_off_wins(string more, ThinkingMode expected) =>
        Thinking(Messages(more)).ShouldBe(expected);

    [Theory]
    [InlineData("deepseek-chat", "{}", ThinkingMode.Off)]
    [InlineData("ds4/deepseek-chat", "{}", ThinkingMode.Off)]
    [InlineData("deepseek-reasoner", "{}", ThinkingMode.On)]
    [InlineData("deepseek-chat", """{"reasoning_effort":"high"}""", ThinkingMode.On)]
    [InlineData("deepseek-chat", """{"thinking":{"type":"enabled"}}""", ThinkingMode.On)]
    [InlineData("deepseek-reasoner", """{"thinking":false}""", ThinkingMode.Off)]
    public void An_alias_decides_about_thinking_unless_a_field_does(string model, string more, ThinkingMode expected)
    {
        JsonObject body = JsonNode.Parse(more)!.AsObject();
        body["model"] = model;
        Thinking(Chat(body.ToJsonString(), "deepseek-v4-flash")).ShouldBe(expected);
    }

    [Fact]
    public void The_demo_model_never_answers_to_the_names_of_Flash()
    {
        ModelNames.Matches("deepseek-chat", "demo").ShouldBeFalse();
        ModelNames.Matches("ds4/deepseek-v4-flash", "demo").ShouldBeFalse();
        ModelNames.Matches("ds4/deepseek-v4-flash", "deepseek-v4-flash").ShouldBeTrue();
    }

    private static async Task<int> CountAsync(TestServer server, string effort) =>
        (await server.ReplyAsync(Ask.Messages("Hi", $$"""{"output_config":{"effort":"{{effort}}"} }"""), "/v1/messages/count_tokens"))["input_tokens"]!.GetValue<int>();

    private static ThinkingMode Thinking(GenerationRequest request) => ((ConversationPrompt)request.Prompt).Conversation.Thinking;

    private static GenerationRequest Chat(string more, string served = "demo") =>
        Read(Ask.For("Hi", more), "temperature", more, body => ChatRequestParser.Parse(body, served), served);

    private static GenerationRequest Messages(string more) => Read(Ask.Messages("Hi", more), "", more, body => MessagesRequestParser.Parse(body, "demo"));

    private static GenerationRequest Responses(string more) =>
        Read(Ask.Responses("Hi", more), "", more, body => ResponsesRequestParser.Parse(body, new ResponsesTools(), "demo"));

    private static GenerationRequest Read(
        string json, string without, string more, Func<JsonField, GenerationRequest> parse, string served = "demo")
    {
        JsonObject body = JsonNode.Parse(json)!.AsObject();
        body.Remove(without);
        if (!more.Contains("\"model\"", StringComparison.Ordinal))
            body["model"] = served;
        using JsonDocument document = JsonDocument.Parse(body.ToJsonString());
        return parse(new JsonField(document.RootElement, ""));
    }
}
