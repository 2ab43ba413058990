using System.Text.Encodings.Web;
using System.Text.Json;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Completions;
using Ds4Provider.Wire.Messages;
using Ds4Provider.Wire.Responses;

namespace Ds4Provider.Server.Http;

/// <summary>
/// The serialisers of the APIs' bodies. Text goes out as UTF-8, not as <c>\uXXXX</c>: the bodies are
/// <c>application/json</c> and never part of a page.
/// </summary>
internal static class ApiJson
{
    public static ChatJsonContext Chat { get; } = new(Relaxed(ChatJsonContext.Default.Options));

    public static CompletionsJsonContext Completions { get; } = new(Relaxed(CompletionsJsonContext.Default.Options));

    public static MessagesJsonContext Messages { get; } = new(Relaxed(MessagesJsonContext.Default.Options));

    public static ResponsesJsonContext Responses { get; } = new(Relaxed(ResponsesJsonContext.Default.Options));

    /// <summary>A call's arguments as a JSON value; what is not JSON becomes a string.</summary>
    public static JsonElement Value(string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json, new JsonDocumentOptions { MaxDepth = 1000 });
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            return JsonSerializer.SerializeToElement(json, Responses.String);
        }
    }

    private static JsonSerializerOptions Relaxed(JsonSerializerOptions options) => new(options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}
