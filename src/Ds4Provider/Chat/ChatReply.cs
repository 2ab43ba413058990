using System.Net.Http.Headers;
using System.Net.ServerSentEvents;
using System.Net.Sockets;
using System.Text.Json;
using Ds4Provider.Lease;
using Ds4Provider.Wire.Chat;
using Microsoft.Extensions.AI;

namespace Ds4Provider.Chat;

/// <summary>
/// One attempt at one reply: the HTTP request and its stream. Disposal closes the stream, and with it the server's work.
/// </summary>
internal sealed class ChatReply(ServerEndpoint server, byte[] body, ChunkReader reader) : IAsyncDisposable
{
    private const int MaximumErrorBytes = 64 * 1024;

    private readonly Queue<ChatResponseUpdate> _updates = new();
    private HttpResponseMessage? _response;
    private IAsyncEnumerator<SseItem<ChatCompletionChunk?>>? _events;

    /// <summary>Set when <see cref="NextAsync"/> gave null because the server went away before it said anything of the reply.</summary>
    public Exception? Broken { get; private set; }

    /// <summary>Whether the server could not even be connected to; nothing was sent then.</summary>
    public bool Refused { get; private set; }

    /// <summary>The next update, or null when the reply is over or <see cref="Broken"/>.</summary>
    /// <exception cref="Ds4RequestException">The server refused the request or gave up on it.</exception>
    /// <exception cref="Ds4ConnectionLostException">The server went away in the middle of the reply.</exception>
    public async ValueTask<ChatResponseUpdate?> NextAsync(CancellationToken cancellationToken)
    {
        try
        {
            _events ??= await OpenAsync(cancellationToken).ConfigureAwait(false);
            ChatResponseUpdate? update;
            while (!_updates.TryDequeue(out update) && await ReadAsync().ConfigureAwait(false))
            {
            }
            return update;
        }
        catch (Exception error) when (error is HttpRequestException or IOException or SocketException)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (reader.HasContent)
                throw new Ds4ConnectionLostException(reader.Characters, reader.Calls, error);
            Broken = error;
            Refused = error is HttpRequestException { HttpRequestError: HttpRequestError.ConnectionError };
            return null;
        }
        catch (JsonException error)
        {
            throw new Ds4RequestException(
                $"The server sent a chunk that cannot be read: {error.Message}", null, null, "invalid_chunk", null, error);
        }
    }

    public async ValueTask DisposeAsync()
    {
        // The response first: it cuts the connection; the enumerator would wait for more of it.
        _response?.Dispose();
        if (_events is not null)
            await _events.DisposeAsync().ConfigureAwait(false);
    }

    private async Task<IAsyncEnumerator<SseItem<ChatCompletionChunk?>>> OpenAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri("v1/chat/completions", UriKind.Relative))
        {
            Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } },
        };
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/event-stream"));
        request.Headers.Add("X-Ds4-Progress", "1");
        _response = await server.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
        Stream stream = await _response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        if (!_response.IsSuccessStatusCode)
            throw await ReadErrorAsync(_response, stream, cancellationToken).ConfigureAwait(false);
        return SseParser.Create(stream, Parse).EnumerateAsync(cancellationToken).GetAsyncEnumerator(cancellationToken);
    }

    /// <summary>Reads one event; false at the end of the reply.</summary>
    private async ValueTask<bool> ReadAsync()
    {
        if (!await _events!.MoveNextAsync().ConfigureAwait(false))
        {
            return reader.IsFinished
                ? false
                : throw new EndOfStreamException("The stream ended before the reply did.");
        }
        if (_events.Current.Data is not { } chunk)
            return false;
        if (chunk.Error is { } error)
            throw new Ds4RequestException(error.Message, null, error.Type, error.Code, error.Param);
        reader.Read(chunk, _updates);
        return true;
    }

    private static ChatCompletionChunk? Parse(string eventType, ReadOnlySpan<byte> data) => data.SequenceEqual("[DONE]"u8)
        ? null
        : JsonSerializer.Deserialize(data, ChatJsonContext.Default.ChatCompletionChunk) ?? throw new JsonException("The chunk is null.");

    private static async Task<Ds4RequestException> ReadErrorAsync(HttpResponseMessage response, Stream stream, CancellationToken cancellationToken)
    {
        var buffer = new byte[MaximumErrorBytes];
        int length = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken).ConfigureAwait(false);
        int status = (int)response.StatusCode;
        try
        {
            if (JsonSerializer.Deserialize(buffer.AsSpan(0, length), ChatJsonContext.Default.ChatErrorBody)?.Error is { Message: not null } error)
                return new Ds4RequestException(error.Message, status, error.Type, error.Code, error.Param);
        }
        catch (JsonException)
        {
            // Not our server's shape: a proxy's page, perhaps. It is quoted below.
        }
        string text = System.Text.Encoding.UTF8.GetString(buffer, 0, Math.Min(length, 500)).Trim();
        return new Ds4RequestException(
            $"The server answered {status} {response.ReasonPhrase}{(text.Length > 0 ? $": {text}" : ".")}", status, null, null, null);
    }
}
