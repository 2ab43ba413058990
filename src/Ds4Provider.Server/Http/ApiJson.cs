using System.Text.Encodings.Web;
using System.Text.Json;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Server.Http;

/// <summary>The serialisers of the API's bodies.</summary>
internal static class ApiJson
{
    /// <summary>
    /// Text goes out as UTF-8, not as <c>\uXXXX</c>: the bodies are <c>application/json</c> and never part of a page.
    /// </summary>
    public static ChatJsonContext Context { get; } = new(new JsonSerializerOptions(ChatJsonContext.Default.Options)
    {
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    });
}
