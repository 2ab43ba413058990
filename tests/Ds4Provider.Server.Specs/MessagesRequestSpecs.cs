using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class MessagesRequestSpecs : IAsyncLifetime
{
    private TestServer server = null!;

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync(new ScriptedModel(contextLength: 1024));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory(Timeout = 30_000)]
    [InlineData("""{"messages":[]}""", "messages", "at least one")]
    [InlineData("""{"messages":[{"role":"owner","content":"x"}]}""", "messages[0].role", "'user', 'assistant' or 'system'")]
    [InlineData("""{"messages":[{"role":"user"}]}""", "messages[0].content", "found nothing")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"image","source":{}}]}]}""", "messages[0].content[0].type", "no images")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"document","source":{}}]}]}""", "messages[0].content[0].type", "no files")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"server_tool_use"}]}]}""", "messages[0].content[0].type", "'server_tool_use' are not known")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image"}]}]}]}""", "messages[0].content[0].content[0].type", "no images")]
    [InlineData("""{"messages":[{"role":"user","content":[{"type":"tool_result"}]}]}""", "messages[0].content[0].tool_use_id", "expected a string")]
    [InlineData("""{"messages":[{"role":"user","content":"x"},{"role":"assistant","content":"I begin"}]}""", "messages", "cannot be continued")]
    [InlineData("""{"system":7}""", "system", "a string or an array")]
    [InlineData("""{"tools":[{"type":"bash_20250124","name":"bash"}]}""", "tools[0].type", "'input_schema'")]
    [InlineData("""{"tools":[{"name":"a","input_schema":[]}]}""", "tools[0].input_schema", "an object")]
    [InlineData("""{"tool_choice":{"type":"any"}}""", "tool_choice", "there are no tools")]
    [InlineData("""{"tool_choice":{"type":"auto","disable_parallel_tool_use":"no"}}""", "tool_choice.disable_parallel_tool_use", "true or false")]
    [InlineData("""{"tools":[{"name":"a","input_schema":{"type":"array"}}]}""", "tools[0].input_schema", "allows no object")]
    [InlineData("""{"tool_choice":{"type":"tool","name":"nobody"}}""", "tool_choice.name", "not among the tools")]
    [InlineData("""{"output_config":{"format":{"type":"json_schema","schema":{"type":"strin"}}}}""", "output_config.format.schema", "is no type")]
    [InlineData("""{"output_config":{"effort":"huge"}}""", "output_config.effort", "'max'")]
    [InlineData("""{"thinking":{"type":"sometimes"}}""", "thinking.type", "'adaptive'")]
    [InlineData("""{"mcp_servers":[{"url":"x"}]}""", "mcp_servers", "no MCP server")]
    [InlineData("""{"container":"c"}""", "container", "no containers")]
    [InlineData("""{"max_tokens":0}""", "max_tokens", "at least 1")]
    [InlineData("""{"stop_sequences":[1]}""", "stop_sequences[0]", "a string")]
    public async Task A_wrong_field_is_named_in_the_envelope_of_the_API(string more, string field, string reason)
    {
        using HttpResponseMessage response = await server.PostAsync(Ask.Messages("Hi", more), path: TestServer.MessagesPath);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode body = JsonNode.Parse(await response.Content.ReadAsStringAsync())!;
        body["type"]!.GetValue<string>().ShouldBe("error");
        body["request_id"]!.GetValue<string>().ShouldBe(response.Headers.GetValues("request-id").Single());
        body["error"]!["type"]!.GetValue<string>().ShouldBe("invalid_request_error");
        body["error"]!["message"]!.GetValue<string>().ShouldStartWith(field);
        body["error"]!["message"]!.GetValue<string>().ShouldContain(reason);
    }

    [Fact(Timeout = 30_000)]
    public async Task Null_and_what_changes_nothing_are_taken()
    {
        await server.ReplyAsync(Ask.Messages("Hi", """
            {"system":null,"tools":null,"tool_choice":null,"max_tokens":null,"temperature":null,"top_p":null,"top_k":null,"stop_sequences":null,
             "stream":null,"thinking":null,"output_config":null,"mcp_servers":[],"container":null,"metadata":{"user_id":"{}"},
             "context_management":{"edits":[{"type":"clear_thinking_20251015"}]},"service_tier":"auto","betas":["x"],"never_heard_of":1}
            """), TestServer.MessagesPath);
    }

    [Fact]
    public void Every_form_of_content_becomes_the_same_conversation_as_on_other_APIs()
    {
        Conversation conversation = Parse("""
            {"system":[{"type":"text","text":"x-anthropic-billing-header: 1"},{"type":"text","text":"a","cache_control":{"type":"ephemeral"}},{"type":"text","text":"b"}],
             "messages":[{"content":"first","role":"user"},{"role":"system","content":"mind this"},
              {"role":"assistant","content":[{"type":"thinking","thinking":"hm","signature":"s"},{"type":"redacted_thinking","data":"?"},{"type":"text","text":"c"},{"type":"text","text":"d"},
               {"type":"tool_use","id":"toolu_1","name":"read","input":{"path":"p"}},{"name":"read","id":"toolu_00000000000000000000000000000002","type":"tool_use"}]},
              {"role":"user","content":[{"type":"text","text":"before"},{"type":"tool_result","tool_use_id":"toolu_00000000000000000000000000000002","content":[{"type":"text","text":"2"}],"is_error":true},
               {"type":"tool_result","tool_use_id":"toolu_1"},{"type":"text","text":"e"},{"type":"text","text":"f"}]}],
             "tools":[{"name":"read","description":"d","input_schema":{"type":"object"},"cache_control":{"type":"ephemeral"}},{"type":"web_search_20250305","name":"web_search"}]}
            """);

        conversation.Messages.Select(m => m switch
        {
            SystemMessage system => $"system {system.Text}",
            DeveloperMessage developer => $"developer {developer.Text}",
            UserMessage user => $"user {user.Text}",
            ToolMessage tool => $"tool {tool.CallId} {tool.Text}",
            AssistantMessage turn => $"assistant {turn.Reasoning}|{turn.Text}|{string.Join('|', turn.Calls)}",
            _ => "?",
        }).ShouldBe(
        [
            "system a\n\nb", "user first", "developer mind this",
            "assistant hm|cd|AssistantCall { Id = toolu_1, Name = read, Arguments = {\"path\":\"p\"} }|AssistantCall { Id = call_00000000000000000000000000000002, Name = read, Arguments = {} }",
            "user before", "tool call_00000000000000000000000000000002 2", "tool toolu_1 ", "user e\n\nf",
        ]);
        conversation.Tools.ShouldHaveSingleItem().GetRawText().ShouldBe("""{"name":"read","description":"d","parameters":{"type":"object"}}""");
    }

    [Fact(Timeout = 30_000)]
    public async Task Statuses_have_the_types_that_Anthropics_clients_know()
    {
        using HttpResponseMessage model = await server.PostAsync(Ask.Messages("Hi", """{"model":"gpt-9"}"""), path: TestServer.MessagesPath);
        using HttpResponseMessage lost = await server.PostAsync("{}", path: "/v1/messages/batches");
        using HttpResponseMessage text = await server.Http.PostAsync(TestServer.MessagesPath, new StringContent("{}"));
        using HttpResponseMessage count = await server.PostAsync("[]", path: "/v1/messages/count_tokens");

        (await ErrorAsync(model, HttpStatusCode.NotFound)).ShouldBe("not_found_error");
        (await ErrorAsync(lost, HttpStatusCode.NotFound)).ShouldBe("not_found_error");
        (await ErrorAsync(text, HttpStatusCode.UnsupportedMediaType)).ShouldBe("invalid_request_error");
        (await ErrorAsync(count, HttpStatusCode.BadRequest)).ShouldBe("invalid_request_error");
    }

    private static Conversation Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        return ((ConversationPrompt)MessagesRequestParser.Parse(new JsonField(document.RootElement, ""), "demo").Prompt).Conversation;
    }

    private static async Task<string> ErrorAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        response.StatusCode.ShouldBe(status);
        return JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!["type"]!.GetValue<string>();
    }
}
