using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs.Conformance;

/// <summary>Lines 9 to 20 of the conformance table.</summary>
public sealed class ToolShapeSpecs
{
    private const string Schema = """{"type":"object","properties":{"z":{"type":"string"},"a":{"type":"integer"}},"required":["z"]}""";
    private const string Search = """{"type":"tool_search","execution":"client","description":"Finds tools","parameters":{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer"}}}}""";

    [Fact] // 9, 10
    public void A_schema_keeps_its_order_and_looks_the_same_from_every_API()
    {
        JsonElement chat = Tools(ParseChat($$"""{"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{{Schema}} } }]}""")).Single();
        JsonElement messages = Tools(ParseMessages($$"""{"tools":[{"input_schema":{{Schema}},"name":"f","description":"d"}]}""")).Single();
        JsonElement responses = Tools(ParseResponses($$"""{"tools":[{"type":"function","parameters":{{Schema}},"strict":false,"name":"f","description":"d"}]}""")).Single();

        foreach (JsonElement tool in (JsonElement[])[chat, messages, responses])
            tool.GetRawText().ShouldBe($$"""{"name":"f","description":"d","parameters":{{Schema}}}""");
    }

    [Fact] // 11
    public void The_clients_tool_search_is_offered_with_its_schema_and_a_hosted_one_is_left_out()
    {
        Tools(ParseResponses($$"""{"tools":[{{Search}}]}""")).Single().GetRawText().ShouldBe(
            """{"name":"tool_search","description":"Finds tools","parameters":{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer"}}}}""");
        Tools(ParseResponses("""{"tools":[{"type":"tool_search"},{"type":"web_search"},{"type":"mcp","server_label":"x"}]}""")).ShouldBeEmpty();
    }

    [Fact(Timeout = 30_000)] // 12
    public async Task A_function_that_is_merely_named_tool_search_stays_a_function()
    {
        JsonNode item = await CallAsync("""{"type":"function","name":"tool_search"}""", new Script().Think("").Call("tool_search", ("query", "q")));

        item["type"]!.GetValue<string>().ShouldBe("function_call");
        item["name"]!.GetValue<string>().ShouldBe("tool_search");
    }

    [Theory(Timeout = 30_000)] // 13
    [InlineData("agents", "agents__close")]
    [InlineData("mcp__git__", "mcp__git__close")]
    public async Task A_tool_of_a_group_is_called_by_one_name_and_reported_by_two(string group, string seen)
    {
        string tool = $$"""{"type":"namespace","name":"{{group}}","description":"g","tools":[{"type":"function","name":"close","parameters":{{Schema}} }]}""";

        JsonNode item = await CallAsync(tool, new Script().Think("").Call(seen, ("z", "1")));

        Tools(ParseResponses($$"""{"tools":[{{tool}}]}""")).Single().GetProperty("name").GetString().ShouldBe(seen);
        item["name"]!.GetValue<string>().ShouldBe("close");
        item["namespace"]!.GetValue<string>().ShouldBe(group);
        item.ToJsonString().ShouldNotContain(seen);
    }

    [Fact] // 14
    public void Tools_that_a_search_found_are_offered_from_then_on()
    {
        Conversation conversation = ParseResponses($$"""
            {"tools":[{{Search}}],"input":[{"role":"user","content":"u"},{"type":"tool_search_call","call_id":"c","execution":"client","arguments":{"query":"q"} },
             {"type":"tool_search_output","call_id":"c","tools":[{"type":"function","name":"found","parameters":{{Schema}}},
              {"type":"namespace","name":"n","tools":[{"type":"function","name":"x"}]}]}]}
            """);

        Tools(conversation).Select(tool => tool.GetProperty("name").GetString()).ShouldBe(["tool_search", "found", "n__x"]);
        conversation.Messages[1].ShouldBeOfType<AssistantMessage>().Calls.ShouldHaveSingleItem().ShouldBe(new AssistantCall("c", "tool_search", """{"query":"q"}"""));
        conversation.Messages[2].ShouldBeOfType<ToolMessage>().CallId.ShouldBe("c");
    }

    [Theory(Timeout = 30_000)] // 15
    [InlineData("{}")]
    [InlineData("\"all\"")]
    [InlineData("[7]")]
    public void What_a_search_found_must_be_a_list_of_tools(string tools)
    {
        ApiException refusal = Should.Throw<ApiException>(() => ParseResponses($$"""{"input":[{"role":"user","content":"u"},{"type":"tool_search_output","call_id":"c","tools":{{tools}} }]}"""));

        refusal.Status.ShouldBe((int)HttpStatusCode.BadRequest);
        refusal.Error.Param.ShouldNotBeNull().ShouldStartWith("input[1].tools");
    }

    [Fact] // 16
    public void A_call_of_a_grouped_tool_comes_back_under_the_name_that_the_model_saw() =>
        ParseResponses("""{"input":[{"role":"user","content":"u"},{"type":"function_call","call_id":"c","name":"close","namespace":"agents","arguments":"{}"}]}""")
            .Messages[1].ShouldBeOfType<AssistantMessage>().Calls.ShouldHaveSingleItem().Name.ShouldBe("agents__close");

    [Fact(Timeout = 30_000)] // 17
    public async Task A_search_is_reported_as_an_item_of_its_own_with_an_object()
    {
        JsonNode item = await CallAsync(Search, new Script().Think("").Call("tool_search", ("query", "q")));

        item["type"]!.GetValue<string>().ShouldBe("tool_search_call");
        item["execution"]!.GetValue<string>().ShouldBe("client");
        item["arguments"]!.ToJsonString().ShouldBe("""{"query":"q"}""");
    }

    [Fact(Timeout = 30_000)] // 18, 19, 20
    public async Task Arguments_keep_the_order_in_which_the_model_wrote_them()
    {
        Script Script() => new Script().Think("").Call("read", ("mode", "1"), ("path", "2"));
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(Script(), Script(), Script()));

        JsonNode chat = await server.ReplyAsync(Ask.For("Hi", $$"""{"tools":[{{Ask.Tool}}]}"""));
        JsonNode messages = await server.ReplyAsync(Ask.Messages("Hi", $$"""{"tools":[{{Ask.MessagesTool}}]}"""), TestServer.MessagesPath);
        JsonNode responses = await server.ReplyAsync(Ask.Responses("Hi", $$"""{"tools":[{{Ask.ResponsesTool}}]}"""), TestServer.ResponsesPath);

        chat["choices"]![0]!["message"]!["tool_calls"]![0]!["function"]!["arguments"]!.GetValue<string>().ShouldBe("""{"mode": "1", "path": "2"}""");
        messages["content"]![0]!["input"]!.AsObject().Select(member => member.Key).ShouldBe(["mode", "path"]);
        responses["output"]![0]!["arguments"]!.GetValue<string>().ShouldBe("""{"mode": "1", "path": "2"}""");
    }

    private static async Task<JsonNode> CallAsync(string tool, Script script)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel().Replies(script));
        using EventReader reader = await server.StreamAsync(
            Ask.Stream(Ask.Responses("Hi", $$"""{"tools":[{{tool}}]}""")), path: TestServer.ResponsesPath);
        List<JsonNode> events = await reader.AllAsync();
        JsonNode item = events[^1]["response"]!["output"]!.AsArray()[^1]!;
        events[^2]["item"]!.ToJsonString().ShouldBe(item.ToJsonString());
        return item;
    }

    private static IReadOnlyList<JsonElement> Tools(Conversation conversation) => conversation.Tools;

    private static Conversation ParseChat(string more) => Parse(Ask.For("Hi", more), body => ChatRequestParser.Parse(body, "demo"));

    private static Conversation ParseMessages(string more) => Parse(Ask.Messages("Hi", more), body => MessagesRequestParser.Parse(body, "demo"));

    private static Conversation ParseResponses(string more) =>
        Parse(Ask.Responses("Hi", more), body => ResponsesRequestParser.Parse(body, new ResponsesTools(), "demo"));

    private static Conversation Parse(string json, Func<JsonField, GenerationRequest> parse)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return ((ConversationPrompt)parse(new JsonField(document.RootElement, "")).Prompt).Conversation;
    }
}
