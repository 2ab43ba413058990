using System.Text;
using System.Text.Json.Nodes;
using CsCheck;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

public sealed class StreamEqualsBodySpecs
{
    private static readonly Gen<string> Text = Gen.OneOf(
        Gen.Const("Hello world"), Gen.Const("END"), Gen.Const("</"), Gen.Const("<"), Gen.Const("\n\n"), Gen.Const("😀é"), Gen.Const(" "),
        Gen.String[Gen.Char["ab<\"\\{}\n"], 0, 6]).Array[0, 4].Select(string.Concat);

    private static readonly Gen<Func<Script>> Replies =
        from reasoning in Text
        from text in Text
        from calls in Gen.Select(Text, Text).Array[0, 3]
        from unended in Gen.Bool
        select (Func<Script>)(() =>
        {
            Script script = new Script().Think(reasoning).Say(text);
            foreach ((string first, string second) in calls)
                script.Call("read", ("path", first), ("mode", second));
            return unended && calls.Length == 0 ? script.Unended() : script;
        });

    [Fact(Timeout = 120_000)]
    public async Task The_body_of_a_reply_is_what_the_chunks_of_its_stream_add_up_to()
    {
        var model = new ScriptedModel();
        await using TestServer server = await TestServer.StartAsync(model);
        Gen<(Func<Script> Reply, int Limit, bool Stop)> cases = Gen.Select(Replies, Gen.Int[1, 120], Gen.Bool);

        await cases.SampleAsync(async c =>
        {
            string more = $$"""
                {"max_tokens":{{c.Limit}},"stop":{{(c.Stop ? "\"END\"" : "null")}},"tools":[{{Ask.Tool}}],
                 "stream_options":{"include_usage":true} }
                """;
            model.Replies(c.Reply(), c.Reply());
            JsonNode body = await server.ReplyAsync(Ask.For("Hi", more));
            using EventReader reader = await server.StreamAsync(Ask.Streamed("Hi", more));
            JsonNode streamed = Collect(await reader.AllAsync());

            reader.IsDone.ShouldBeTrue();
            streamed.ToJsonString().ShouldBe(Essence(body).ToJsonString());
        }, iter: 300, threads: 1);
    }

    /// <summary>What a client makes of the chunks.</summary>
    private static JsonObject Collect(List<JsonNode> events)
    {
        var text = new StringBuilder();
        var reasoning = new StringBuilder();
        var calls = new List<(string Name, StringBuilder Arguments)>();
        string? reason = null;
        foreach (JsonNode choice in events.SelectMany(e => e["choices"]!.AsArray()).OfType<JsonNode>())
        {
            text.Append(choice["delta"]!["content"]?.GetValue<string>());
            reasoning.Append(choice["delta"]!["reasoning_content"]?.GetValue<string>());
            foreach (JsonNode? call in choice["delta"]!["tool_calls"]?.AsArray() ?? [])
            {
                int index = call!["index"]!.GetValue<int>();
                if (call["function"]!["name"]?.GetValue<string>() is { } name)
                    calls.Add((name, new StringBuilder()));
                calls[index].Arguments.Append(call["function"]!["arguments"]!.GetValue<string>());
            }
            reason = choice["finish_reason"]?.GetValue<string>() ?? reason;
        }
        return Essence(
            text.ToString(), reasoning.ToString(), calls.Select(c => (c.Name, c.Arguments.ToString())), reason!, events[^1]["usage"]!);
    }

    private static JsonObject Essence(JsonNode body)
    {
        JsonNode choice = body["choices"]![0]!;
        JsonNode message = choice["message"]!;
        return Essence(
            message["content"]!.GetValue<string>(), message["reasoning_content"]?.GetValue<string>() ?? "",
            (message["tool_calls"]?.AsArray() ?? []).Select(c =>
                (c!["function"]!["name"]!.GetValue<string>(), c["function"]!["arguments"]!.GetValue<string>())),
            choice["finish_reason"]!.GetValue<string>(), body["usage"]!);
    }

    private static JsonObject Essence(
        string text, string reasoning, IEnumerable<(string Name, string Arguments)> calls, string reason, JsonNode usage) => new()
        {
            ["text"] = text,
            ["reasoning"] = reasoning,
            ["calls"] = new JsonArray([.. calls.Select(c => (JsonNode)$"{c.Name} {c.Arguments}")]),
            ["reason"] = reason,
            ["prompt"] = usage["prompt_tokens"]!.GetValue<int>(),
            ["completion"] = usage["completion_tokens"]!.GetValue<int>(),
        };
}
