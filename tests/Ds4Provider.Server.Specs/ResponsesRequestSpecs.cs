using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class ResponsesRequestSpecs : IAsyncLifetime
{
    private TestServer server = null!;

    public async ValueTask InitializeAsync() => server = await TestServer.StartAsync(new ScriptedModel(contextLength: 1024));

    public ValueTask DisposeAsync() => server.DisposeAsync();

    [Theory(Timeout = 30_000)]
    [InlineData("""{"input":null}""", "input", "a string or an array")]
    [InlineData("""{"input":[]}""", "input", "at least one")]
    [InlineData("""{"input":[{"type":"hologram"}]}""", "input[0].type", "'hologram' are not known")]
    [InlineData("""{"input":[{"type":"item_reference","id":"x"}]}""", "input[0].type", "send the item itself")]
    [InlineData("""{"input":[{"role":"owner","content":"x"}]}""", "input[0].role", "'developer'")]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_image","image_url":"x"}]}]}""", "input[0].content[0].type", "no images")]
    [InlineData("""{"input":[{"role":"user","content":[{"type":"input_file"}]}]}""", "input[0].content[0].type", "no files")]
    [InlineData("""{"input":[{"type":"function_call_output","call_id":"c","output":[{"type":"input_image"}]}]}""", "input[0].output[0].type", "no images")]
    [InlineData("""{"input":[{"type":"function_call","call_id":"c","arguments":"{}"}]}""", "input[0].name", "a string")]
    [InlineData("""{"previous_response_id":"resp_1"}""", "previous_response_id", "whole conversation")]
    [InlineData("""{"conversation":"conv_1"}""", "conversation", "whole conversation")]
    [InlineData("""{"background":true}""", "background", "stream them")]
    [InlineData("""{"prompt":{"id":"p"}}""", "prompt", "no prompts are stored")]
    [InlineData("""{"include":["message.output_text.logprobs"]}""", "include", "not returned")]
    [InlineData("""{"top_logprobs":3}""", "top_logprobs", "not returned")]
    [InlineData("""{"tools":[{"type":"local_shell"}]}""", "tools[0].type", "'parameters'")]
    [InlineData("""{"tools":[{"type":"function","name":"a"},{"type":"function","name":"a"}]}""", "tools[1].name", "tools[0] already")]
    [InlineData("""{"tools":[{"type":"namespace","name":"n","tools":[{"type":"function"}]}]}""", "tools[0].tools[0].name", "a string")]
    [InlineData("""{"tool_choice":"required"}""", "tool_choice", "there are no tools")]
    [InlineData("""{"tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"a","parameters":{"type":"array"}}]}]}""", "tools[0].tools[0].parameters", "allows no object")]
    [InlineData("""{"tool_choice":{"type":"function","name":"nobody"}}""", "tool_choice.name", "not among the tools")]
    [InlineData("""{"text":{"format":{"type":"json_schema","name":"n","schema":{"type":"strin"}}}}""", "text.format.schema", "is no type")]
    [InlineData("""{"reasoning":{"effort":"huge"}}""", "reasoning.effort", "'max'")]
    [InlineData("""{"reasoning":{"summary":"long"}}""", "reasoning.summary", "'detailed'")]
    [InlineData("""{"max_output_tokens":0}""", "max_output_tokens", "at least 1")]
    public async Task A_wrong_field_is_named_with_its_path(string more, string field, string reason)
    {
        using HttpResponseMessage response = await server.PostAsync(Ask.Responses("Hi", more), path: TestServer.ResponsesPath);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        JsonNode error = JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
        error["param"]!.GetValue<string>().ShouldBe(field);
        error["message"]!.GetValue<string>().ShouldStartWith(field);
        error["message"]!.GetValue<string>().ShouldContain(reason);
    }

    [Fact(Timeout = 30_000)]
    public async Task Null_and_what_changes_nothing_are_taken()
    {
        await server.ReplyAsync(Ask.Responses("Hi", """
            {"instructions":null,"tools":null,"tool_choice":null,"parallel_tool_calls":null,"max_output_tokens":null,"temperature":null,"top_p":null,
             "stream":null,"reasoning":null,"text":null,"previous_response_id":null,"conversation":null,"background":false,"prompt":null,
             "include":["reasoning.encrypted_content"],"store":true,"truncation":"auto","metadata":{},"client_metadata":{},"prompt_cache_key":"k",
             "service_tier":"auto","stream_options":{"include_obfuscation":false},"never_heard_of":1}
            """), TestServer.ResponsesPath);
        await server.ReplyAsync("""{"input":"Hi","text":{"format":{"type":"text"},"verbosity":"low"},"reasoning":{"effort":null,"summary":null}}""", TestServer.ResponsesPath);
    }

    [Fact]
    public void Items_become_the_turns_that_they_were_parts_of()
    {
        Conversation conversation = Parse("""
            {"instructions":"s","input":[{"type":"message","role":"developer","content":[{"type":"input_text","text":"d"}]},{"role":"user","content":"u"},
             {"type":"reasoning","id":"rs_1","summary":[{"type":"summary_text","text":"hm"}],"content":null,"encrypted_content":null},
             {"type":"message","role":"assistant","id":"m","status":"completed","content":[{"type":"output_text","text":"t","annotations":[]}]},
             {"type":"function_call","status":"completed","id":"fc_1","name":"a","arguments":"{\"x\":1}","call_id":"c1"},
             {"type":"custom_tool_call","name":"b","input":"raw \"text\"","call_id":"c2"},
             {"type":"function_call_output","call_id":"c1","output":"1"},{"type":"custom_tool_call_output","call_id":"c2","output":[{"type":"input_text","text":"2"}]},
             {"type":"reasoning","summary":[],"content":[{"type":"reasoning_text","text":"then"}]},{"type":"web_search_call"},
             {"type":"function_call","name":"close","namespace":"agents","arguments":"","call_id":"c3"},{"type":"function_call_output","call_id":"c3","output":null},
             {"role":"assistant","content":"x"},{"role":"assistant","content":"y"},{"type":"reasoning","summary":[{"type":"summary_text","text":"cut"}]}]}
            """);

        conversation.Messages.Select(m => m switch
        {
            AssistantMessage turn => $"assistant {turn.Reasoning}|{turn.Text}|{string.Join('|', turn.Calls.Select(c => $"{c.Id} {c.Name} {c.Arguments}"))}",
            ToolMessage tool => $"tool {tool.CallId} {tool.Text}",
            UserMessage user => $"user {user.Text}",
            SystemMessage system => $"system {system.Text}",
            DeveloperMessage developer => $"developer {developer.Text}",
            _ => "?",
        }).ShouldBe(
        [
            "system s", "developer d", "user u",
            "assistant hm|t|c1 a {\"x\":1}|c2 b {\"input\":\"raw \\\"text\\\"\"}",
            "tool c1 1", "tool c2 2",
            "assistant then||c3 agents__close {}", "tool c3 ", "assistant |x|", "assistant |y|", "assistant cut||",
        ], ignoreOrder: false);
    }

    private static Conversation Parse(string json)
    {
        using JsonDocument document = JsonDocument.Parse(json);
        var tools = new ResponsesTools();
        return ((ConversationPrompt)ResponsesRequestParser.Parse(new JsonField(document.RootElement, ""), tools, "demo").Prompt).Conversation;
    }
}
