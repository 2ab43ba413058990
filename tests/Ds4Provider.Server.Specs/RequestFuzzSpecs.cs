using System.Text;
using System.Text.Json;
using CsCheck;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Replay;
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

    private static readonly byte[] Body = Encoding.UTF8.GetBytes(Valid);

    private static readonly string[] Words =
    [
        "null", "true", "{}", "[]", "-1", "1e999", "\"\"", "\"\\ud800\"", "\"\\u0000\"", "[[[[", "}}", ",", ":", "\"", "\\", "99999999999999999999",
        "0.5", "\"none\"", "\"text\"", "\"messages\"", "\"function\"",
    ];

    private static readonly Gen<byte[]> Snippets = Gen.OneOf(
        Gen.Int[0, Words.Length - 1].Select(i => Encoding.UTF8.GetBytes(Words[i])), Gen.Byte.Array[0, 3]);

    /// <summary>Replaces stretches of a valid body by snippets.</summary>
    private static readonly Gen<byte[]> Mutated =
        Gen.Select(Gen.Int[0, Body.Length - 1], Gen.Int[0, 12], Snippets).Array[1, 4].Select(edits =>
        {
            byte[] body = Body;
            foreach ((int at, int removed, byte[] inserted) in edits)
            {
                int start = Math.Min(at, body.Length);
                int end = Math.Min(start + removed, body.Length);
                body = [.. body[..start], .. inserted, .. body[end..]];
            }
            return body;
        });

    [Fact(Timeout = 120_000)]
    public void No_damaged_body_does_more_than_being_refused()
    {
        using var model = new Ds4Provider.Engine.LoadedModel(new ScriptedModel());
        int accepted = 0;
        int refused = 0;

        Mutated.Sample(body =>
        {
            try
            {
                using JsonDocument document = JsonBody.Parse(body, 128);
                ChatRequest request = ChatRequestParser.Parse(document.RootElement, "demo");
                var turns = new ConversationTurns(new SampledTurnStore(10, 100), model.Tokenizer.Control, request.Conversation);
                model.Template.Encode(model.Template.Render(request.Conversation, turns)).Count.ShouldBeGreaterThan(2);
                Interlocked.Increment(ref accepted);
            }
            catch (ApiException refusal)
            {
                refusal.Status.ShouldBeOneOf(400, 404);
                refusal.Message.ShouldNotBeNullOrWhiteSpace();
                Interlocked.Increment(ref refused);
            }
        }, iter: 40_000);

        accepted.ShouldBeGreaterThan(100);
        refused.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void The_body_that_is_damaged_is_whole_before()
    {
        using JsonDocument document = JsonBody.Parse(Body, 128);

        ChatRequest request = ChatRequestParser.Parse(document.RootElement, "demo");

        request.Conversation.Messages.Count.ShouldBe(4);
        request.MaximumTokens.ShouldBe(8);
        request.StopStrings.ShouldBe(["a", "b"]);
        request.CallsAllowed.ShouldBeTrue();
        request.Sampling.ShouldBe(new Ds4Provider.Engine.Sampling.SamplingOptions
        {
            Temperature = 0.5, TopP = 0.9, TopK = 5, MinP = 0.1, Seed = 7,
        });
    }
}
