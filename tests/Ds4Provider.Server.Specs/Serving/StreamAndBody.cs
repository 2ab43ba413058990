using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Completions;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Completions;
using Ds4Provider.Wire.Responses;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Holds the stream of a reply against its body, on every API: they say the same, and nothing is left open.</summary>
internal static class StreamAndBody
{
    /// <param name="events">The events of the reply.</param>
    /// <param name="end">How it ended.</param>
    /// <param name="summarised">Whether the responses API shows reasoning as a summary.</param>
    public static void Check(List<ReplyEvent> events, ReplyEnd end, bool summarised)
    {
        CheckChat(events, end);
        CheckMessages(events, end);
        CheckResponses(events, end, summarised);
        CheckCompletions(events, end);
    }

    private static void CheckChat(List<ReplyEvent> events, ReplyEnd end)
    {
        static IReplyForm Form() => new ChatForm(new ChatCompletionChunk("chatcmpl-1", 1, "demo", []), includeUsage: true);
        JsonNode[] chunks = Stream(Form(), events, end);
        JsonNode message = Body(Form(), events, end)["choices"]![0]!["message"]!;

        JsonNode[] deltas = [.. chunks.SelectMany(chunk => chunk["choices"]!.AsArray()).Select(choice => choice!["delta"]!)];
        Joined("content").ShouldRead(message["content"]!.GetValue<string>());
        Joined("reasoning_content").ShouldRead(message["reasoning_content"]?.GetValue<string>() ?? "");
        JsonNode[] calls = [.. deltas.SelectMany(delta => delta["tool_calls"]?.AsArray() ?? []).Select(call => call!)];
        foreach ((JsonNode? whole, int index) in (message["tool_calls"]?.AsArray() ?? []).Select((call, i) => (call, i)))
        {
            string arguments = string.Concat(calls.Where(c => c["index"]!.GetValue<int>() == index).Select(c => c["function"]!["arguments"]!.GetValue<string>()));
            arguments.ShouldRead(whole!["function"]!["arguments"]!.GetValue<string>());
            _ = JsonNode.Parse(arguments).ShouldBeOfType<JsonObject>();
        }

        string Joined(string member) => string.Concat(deltas.Select(delta => delta[member]?.GetValue<string>()));
    }

    private static void CheckMessages(List<ReplyEvent> events, ReplyEnd end)
    {
        static IReplyForm Form() => new MessagesForm("msg_1", "demo");
        JsonObject streamed = MessagesCollector.Collect(Stream(Form(), events, end));
        Sorted(streamed).ShouldRead(Sorted(Body(Form(), events, end)));
        streamed["content"]!.AsArray().Any(block => block!["type"]!.GetValue<string>() != "thinking").ShouldBeTrue();
    }

    private static void CheckResponses(List<ReplyEvent> events, ReplyEnd end, bool summarised)
    {
        IReplyForm Form()
        {
            var tools = new ResponsesTools();
            tools.Add(new JsonField(ApiJson.Value("""[{"type":"custom","name":"custom"}]"""), "tools"));
            return new ResponsesForm(new ResponsesReply("resp_1", 1, "demo", "in_progress", []), new ResponsesItems(tools, "1", summarised));
        }
        ResponsesCollector.Collect(Stream(Form(), events, end)).ToJsonString().ShouldRead(Body(Form(), events, end).ToJsonString());
    }

    private static void CheckCompletions(List<ReplyEvent> events, ReplyEnd end)
    {
        static IReplyForm Form() => new CompletionsForm(new TextCompletion("cmpl-1", 1, "demo", []), includeUsage: true);
        JsonNode choice = Body(Form(), events, end)["choices"]![0]!;
        JsonNode[] choices = [.. Stream(Form(), events, end).SelectMany(chunk => chunk["choices"]!.AsArray()).Select(streamed => streamed!)];
        string.Concat(choices.Select(streamed => streamed["text"]!.GetValue<string>())).ShouldRead(choice["text"]!.GetValue<string>());
        choices[^1]["finish_reason"]!.GetValue<string>().ShouldRead(choice["finish_reason"]!.GetValue<string>());
    }

    private static JsonNode[] Stream(IReplyForm form, List<ReplyEvent> events, ReplyEnd end)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        var stream = new EventStream(context.Response);
        IReplyEvents writer = form.Stream(stream);
        writer.Start(10);
        foreach (ReplyEvent replyEvent in events.SkipLast(1))
            writer.Add(replyEvent);
        writer.End(end);
        stream.FlushAsync(default).GetAwaiter().GetResult();
        return
        [
            .. Encoding.UTF8.GetString(body.ToArray()).Split('\n')
                .Where(line => line.StartsWith("data: {", StringComparison.Ordinal)).Select(line => JsonNode.Parse(line["data: ".Length..])!),
        ];
    }

    private static JsonNode Body(IReplyForm form, List<ReplyEvent> events, ReplyEnd end)
    {
        var context = new DefaultHttpContext();
        using var body = new MemoryStream();
        context.Response.Body = body;
        form.WriteAsync(context, events, end).GetAwaiter().GetResult();
        return JsonNode.Parse(body.ToArray())!;
    }

    private static string Sorted(JsonNode message) =>
        string.Join(',', message.AsObject().OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => $"{m.Key}:{m.Value?.ToJsonString()}"));
}
