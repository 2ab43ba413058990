using System.Text;
using System.Text.Json;
using CsCheck;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Specs.Engine;

namespace Ds4Provider.Server.Specs;

public sealed class RequestFuzzSpecs
{
    private const string Valid = """
        {"model":"demo","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"é😀\u00e9"}]},
        {"role":"assistant","content":null,"reasoning_content":"r","tool_calls":[{"id":"c1","type":"function","function":{"name":"f","arguments":"{\"a\":1.0}"}}]},
        {"role":"tool","tool_call_id":"c1","content":"x"}],"tools":[{"type":"function","function":{"name":"f","description":"d","parameters":{"type":"object"}}}],
        "tool_choice":"auto","temperature":0.5,"top_p":0.9,"top_k":5,"min_p":0.1,"seed":7,"max_tokens":9,"max_completion_tokens":8,"stop":["a","b"],
        "stream":true,"stream_options":{"include_usage":true},"thinking":{"type":"enabled"},"reasoning_effort":"high","n":1,"logit_bias":{},
        "response_format":{"type":"text"},"metadata":{"k":[1,2,{"x":null}]}}
        """;

    private const string Messages = """
        {"model":"demo","system":[{"type":"text","text":"s"}],"messages":[{"role":"user","content":"u"},{"role":"assistant","content":[{"type":"thinking","thinking":"r","signature":"x"},
        {"type":"text","text":"t"},{"type":"tool_use","id":"toolu_1","name":"f","input":{"a":1.0}}]},{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":[{"type":"text","text":"é😀"}]}]}],
        "tools":[{"name":"f","description":"d","input_schema":{"type":"object"}}],"tool_choice":{"type":"auto"},"max_tokens":9,"stop_sequences":["a"],
        "thinking":{"type":"enabled","budget_tokens":5},"output_config":{"effort":"high"},"stream":true,"metadata":{"user_id":"x"}}
        """;

    private const string Responses = """
        {"model":"demo","instructions":"s","input":[{"role":"user","content":[{"type":"input_text","text":"é😀"}]},{"type":"reasoning","summary":[{"type":"summary_text","text":"r"}],"content":null},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"t"}]},{"type":"function_call","call_id":"c","name":"f","namespace":"n","arguments":"{}"},
        {"type":"function_call_output","call_id":"c","output":"x"},{"type":"custom_tool_call","call_id":"d","name":"g","input":"y"},{"type":"custom_tool_call_output","call_id":"d","output":"z"}],
        "tools":[{"type":"namespace","name":"n","tools":[{"type":"function","name":"f","parameters":{"type":"object"}}]},{"type":"custom","name":"g"},{"type":"web_search"}],
        "tool_choice":"auto","reasoning":{"effort":"high","summary":"auto"},"text":{"format":{"type":"text"}},"max_output_tokens":9,"store":false,"stream":true}
        """;

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(Valid);

    private static readonly string[] Words =
    [
        "null", "true", "{}", "[]", "-1", "1e999", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[[[[", "}}", ",", ":", "\"", "\\", "99999999999999999999",
        "0.5", "\"none\"", "\"text\"", "\"messages\"", "\"function\"",
    ];

    private static readonly Gen<byte[]> Snippets = Gen.OneOf(
        Gen.Int[0, Words.Length - 1].Select(i => Encoding.UTF8.GetBytes(Words[i])), Gen.Byte.Array[0, 3]);

    [Theory(Timeout = 240_000)]
    [InlineData("chat", Valid)]
    [InlineData("messages", Messages)]
    [InlineData("responses", Responses)]
    public void No_damaged_body_does_more_than_being_refused(string api, string valid)
    {
        using var model = new Ds4Provider.Engine.LoadedModel(new ScriptedModel());
        int accepted = 0;
        int refused = 0;

        Mutated(Encoding.UTF8.GetBytes(valid)).Sample(body =>
        {
            try
            {
                using JsonDocument document = JsonBody.Parse(body, 128);
                Conversation conversation = Parse(api, new JsonField(document.RootElement, ""));
                var turns = new ConversationTurns(new SampledTurnStore(10, 100), model.Tokenizer.Control, conversation);
                model.Template.Encode(model.Template.Render(conversation, turns)).Count.ShouldBeGreaterThan(2);
                Interlocked.Increment(ref accepted);
            }
            catch (ApiException refusal)
            {
                refusal.Status.ShouldBeOneOf(400, 404);
                refusal.Message.ShouldNotBeNullOrWhiteSpace();
                Interlocked.Increment(ref refused);
            }
        }, iter: 15_000);

        accepted.ShouldBeGreaterThan(50);
        refused.ShouldBeGreaterThan(500);
    }

    [Fact]
    public void The_body_that_is_damaged_is_whole_before()
    {
        using JsonDocument document = JsonBody.Parse(Body, 128);

        GenerationRequest request = ChatRequestParser.Parse(new JsonField(document.RootElement, ""), "demo");

        ((ConversationPrompt)request.Prompt).Conversation.Messages.Count.ShouldBe(4);
        request.MaximumTokens.ShouldBe(8);
        request.StopStrings.ShouldBe(["a", "b"]);
        request.Rules.Tools.Select(tool => tool.Name).ShouldBe(((ConversationPrompt)request.Prompt).Conversation.Tools.Select(tool => tool.GetProperty("name").GetString()));
        request.Rules.Tools.ShouldNotBeEmpty();
        request.Sampling.ShouldBe(new Ds4Provider.Engine.Sampling.SamplingOptions
        {
            Temperature = 0.5, TopP = 0.9, TopK = 5, MinP = 0.1, Seed = 7,
        });
    }

    private static Conversation Parse(string api, JsonField body) => ((ConversationPrompt)(api switch
    {
        "chat" => ChatRequestParser.Parse(body, "demo"),
        "messages" => MessagesRequestParser.Parse(body, "demo"),
        _ => ResponsesRequestParser.Parse(body, new ResponsesTools(), "demo"),
    }).Prompt).Conversation;

    /// <summary>Replaces stretches of a valid body by snippets.</summary>
    private static Gen<byte[]> Mutated(byte[] valid) =>
        Gen.Select(Gen.Int[0, valid.Length - 1], Gen.Int[0, 12], Snippets).Array[1, 4].Select(edits =>
        {
            byte[] body = valid;
            foreach ((int at, int removed, byte[] inserted) in edits)
            {
                int start = Math.Min(at, body.Length);
                int end = Math.Min(start + removed, body.Length);
                body = [.. body[..start], .. inserted, .. body[end..]];
            }
            return body;
        });
}
