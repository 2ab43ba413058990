using System.IO.Pipelines;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Http;

/// <summary>Server-sent events of one response. Not thread-safe.</summary>
internal sealed class EventStream(HttpResponse response)
{
    private readonly PipeWriter pipe = response.BodyWriter;

    /// <summary>Sends the headers.</summary>
    public Task StartAsync(CancellationToken cancellationToken)
    {
        response.ContentType = "text/event-stream";
        response.Headers.CacheControl = "no-cache";
        // Asks proxies not to collect events.
        response.Headers["X-Accel-Buffering"] = "no";
        return response.StartAsync(cancellationToken);
    }

    /// <summary>Appends one event; <see cref="FlushAsync"/> sends it.</summary>
    public void Write<T>(T value, JsonTypeInfo<T> type) => Write(null, value, type);

    /// <summary>Appends one event with a name.</summary>
    public void Write<T>(string? name, T value, JsonTypeInfo<T> type)
    {
        if (name is not null)
            Write(Encoding.UTF8.GetBytes($"event: {name}\n"));
        Write("data: "u8);
        using (var json = new Utf8JsonWriter(pipe, new JsonWriterOptions { Encoder = type.Options.Encoder, SkipValidation = true }))
            JsonSerializer.Serialize(json, value, type);
        Write("\n\n"u8);
    }

    /// <summary>Appends the marker that ends a chat stream.</summary>
    public void WriteDone() => Write("data: [DONE]\n\n"u8);

    public async Task FlushAsync(CancellationToken cancellationToken) =>
        await pipe.FlushAsync(cancellationToken).ConfigureAwait(false);

    private void Write(ReadOnlySpan<byte> bytes)
    {
        bytes.CopyTo(pipe.GetSpan(bytes.Length));
        pipe.Advance(bytes.Length);
    }
}
