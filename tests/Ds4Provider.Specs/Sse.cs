using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Specs;

/// <summary>Events of the chat completions API, written by hand as a foreign server would.</summary>
internal static class Sse
{
    public const string Done = "[DONE]";

    public static string Chunk(string delta, string? finish = null) =>
        $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"demo","choices":[{"index":0,"delta":{{delta}},"finish_reason":{{(finish is null ? "null" : $"\"{finish}\"")}}}]}""";

    public static string Text(string text) => Chunk($$"""{"content":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""");

    public static string Reasoning(string text) => Chunk($$"""{"reasoning_content":{{System.Text.Json.JsonSerializer.Serialize(text)}}}""");

    public static string CallStart(int index, string id, string name, string arguments = "") =>
        Chunk($$$"""{"tool_calls":[{"index":{{{index}}},"id":"{{{id}}}","type":"function","function":{"name":"{{{name}}}","arguments":{{{System.Text.Json.JsonSerializer.Serialize(arguments)}}}}}]}""");

    public static string CallPiece(int index, string arguments) =>
        Chunk($$$"""{"tool_calls":[{"index":{{{index}}},"function":{"arguments":{{{System.Text.Json.JsonSerializer.Serialize(arguments)}}}}}]}""");

    public static string Finish(string reason = "stop") => Chunk("{}", reason);

    public static string Usage() =>
        """{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"demo","choices":[],"usage":{"prompt_tokens":100,"completion_tokens":20,"total_tokens":120,"prompt_tokens_details":{"cached_tokens":80},"completion_tokens_details":{"reasoning_tokens":7}}}""";

    public static string Progress(string ds4) =>
        $$"""{"id":"chatcmpl-1","object":"chat.completion.chunk","created":1700000000,"model":"demo","choices":[{"index":0,"delta":{"content":""},"finish_reason":null}],"ds4":{{ds4}}}""";

    /// <summary>Answers with these events.</summary>
    public static Func<HttpContext, Task> Reply(params string[] events) => context => SendAsync(context, events);

    public static async Task SendAsync(HttpContext context, params string[] events)
    {
        if (!context.Response.HasStarted)
            context.Response.ContentType = "text/event-stream";
        foreach (string data in events)
        {
            await context.Response.WriteAsync($"data: {data}\n\n");
            await context.Response.Body.FlushAsync();
        }
    }
}
