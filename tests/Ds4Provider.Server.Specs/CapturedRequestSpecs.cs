using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Ds4Provider.Server.Specs;

/// <summary>
/// Requests that real agents sent, which are not ours to publish: <c>DS4_CAPTURES</c> names a folder of their bodies,
/// <c>client-session-01-post-v1_messages.json</c> and so on. Skipped without it.
/// </summary>
public sealed class CapturedRequestSpecs
{
    private const int Context = 1 << 20;

    /// <summary>Tokens at the end of a prompt that open a reply: the next prompt may open it in another way.</summary>
    private const int ReplyMarkers = 3;

    [Fact(Timeout = 600_000)]
    public async Task Every_request_of_a_session_is_answered_and_pays_only_for_what_it_adds()
    {
        IGrouping<string, Captured>[] sessions = [.. Captured.All().GroupBy(request => request.Session)];
        Assert.SkipUnless(sessions.Length > 0, "Set DS4_CAPTURES to a folder of requests.");
        foreach (IGrouping<string, Captured> session in sessions)
            await ReplayAsync(session);
    }

    private static async Task ReplayAsync(IGrouping<string, Captured> session)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel(Context) { Tile = 2048 });
        List<(Captured Request, int Prompt)> earlier = [];
        foreach (Captured request in session.OrderBy(request => request.Number))
        {
            using HttpResponseMessage response = await server.PostAsync(request.Whole(), path: request.Path);
            string body = await response.Content.ReadAsStringAsync();
            response.StatusCode.ShouldBe(HttpStatusCode.OK, $"{request.Name}: {body}");
            (int prompt, int cached) = Usage(JsonNode.Parse(body)!["usage"]!);
            int expected = earlier.Where(before => request.Continues(before.Request))
                .Select(before => request.HasReplyTo(before.Request) ? before.Prompt - ReplyMarkers : 1).DefaultIfEmpty(0).Max();
            cached.ShouldBeGreaterThanOrEqualTo(expected, $"{request.Name}, {prompt} tokens");
            TestContext.Current.SendDiagnosticMessage("{0}: {1} tokens, {2} cached, {3} expected", request.Name, prompt, cached, expected);
            earlier.Add((request, prompt));
        }
    }

    private static (int Prompt, int Cached) Usage(JsonNode usage) =>
        usage["prompt_tokens"] is { } chat ? (chat.GetValue<int>(), usage["prompt_tokens_details"]!["cached_tokens"]!.GetValue<int>())
        : usage["input_tokens_details"] is { } details ? (usage["input_tokens"]!.GetValue<int>(), details["cached_tokens"]!.GetValue<int>())
        : (usage["input_tokens"]!.GetValue<int>() + usage["cache_read_input_tokens"]!.GetValue<int>(), usage["cache_read_input_tokens"]!.GetValue<int>());

    /// <summary>A request as it was sent.</summary>
    private sealed record Captured(string Name, string Session, int Number, string Path, JsonObject Body)
    {
        public static IEnumerable<Captured> All()
        {
            string? folder = Environment.GetEnvironmentVariable("DS4_CAPTURES");
            return folder is null ? [] : Directory.EnumerateFiles(folder, "*-post-v1_*.json").Order(StringComparer.Ordinal).Select(Read);
        }

        /// <summary>The request without streaming.</summary>
        public string Whole()
        {
            JsonObject whole = Body.DeepClone().AsObject();
            whole["stream"] = false;
            whole.Remove("stream_options");
            whole["model"] = "demo";
            return whole.ToJsonString();
        }

        /// <summary>Whether it has the same system text and tools, and at least the messages of another one.</summary>
        public bool Continues(Captured other)
        {
            JsonArray mine = Messages();
            JsonArray before = other.Messages();
            return Path == other.Path && Equal(Body["system"], other.Body["system"]) && Equal(Body["instructions"], other.Body["instructions"])
                && Equal(Body["tools"], other.Body["tools"]) && mine.Count >= before.Count
                && mine.Zip(before).All(pair => Equal(pair.First, pair.Second));
        }

        /// <summary>
        /// Whether it is the same again, or the reply follows. Without the reply, as after an abort, the new message becomes a
        /// part of the old one, and what stood before is evaluated from the last checkpoint on.
        /// </summary>
        public bool HasReplyTo(Captured other)
        {
            JsonArray mine = Messages();
            int next = other.Messages().Count;
            return mine.Count == next || mine[next]!["role"]?.GetValue<string>() is "assistant"
                || mine[next]!["type"]?.GetValue<string>() is "function_call" or "reasoning";
        }

        private JsonArray Messages() => (Body["messages"] ?? Body["input"])!.AsArray();

        private static bool Equal(JsonNode? one, JsonNode? other) => Plain(one) == Plain(other);

        /// <summary>Marks of what to cache wander through a conversation and mean nothing to us.</summary>
        private static string Plain(JsonNode? node)
        {
            JsonNode? plain = node?.DeepClone();
            Strip(plain);
            return plain?.ToJsonString() ?? "";
        }

        private static void Strip(JsonNode? node)
        {
            if (node is JsonArray array)
            {
                foreach (JsonNode? item in array)
                    Strip(item);
            }
            else if (node is JsonObject members)
            {
                members.Remove("cache_control");
                foreach ((_, JsonNode? value) in members)
                    Strip(value);
            }
        }

        private static Captured Read(string file)
        {
            string name = System.IO.Path.GetFileNameWithoutExtension(file);
            int post = name.IndexOf("-post-", StringComparison.Ordinal);
            string session = name[..(post - 3)];
            JsonNode parsed = JsonNode.Parse(File.ReadAllText(file))!;
            JsonObject body = (parsed["body"] ?? parsed).AsObject();
            return new Captured(
                name, session, int.Parse(name[(post - 2)..post], System.Globalization.CultureInfo.InvariantCulture),
                "/" + name[(post + "-post-".Length)..].Replace("v1_", "v1/", StringComparison.Ordinal).Replace("chat_completions", "chat/completions", StringComparison.Ordinal), body);
        }
    }
}
