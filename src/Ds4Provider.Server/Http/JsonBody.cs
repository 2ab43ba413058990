using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Ds4Provider.Server.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Net.Http.Headers;

namespace Ds4Provider.Server.Http;

/// <summary>Reads the JSON body of a request, within the limits, or says where it is wrong.</summary>
internal static class JsonBody
{
    /// <exception cref="ApiException">Not JSON, too large, too deep, or malformed.</exception>
    public static async Task<JsonDocument> ReadAsync(HttpRequest request, ServerLimits limits, CancellationToken cancellationToken)
    {
        // Required also because a browser sends other types across origins without asking first.
        if (!MediaTypeHeaderValue.TryParse(request.ContentType, out MediaTypeHeaderValue? type)
            || !type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase))
        {
            throw ApiException.NotJson(request.ContentType);
        }
        string? encoding = request.Headers.ContentEncoding;
        if (!string.IsNullOrEmpty(encoding) && !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase))
            throw ApiException.NotPlain(encoding);
        return Parse(await ReadBytesAsync(request, limits.BodyBytes, cancellationToken).ConfigureAwait(false), limits.JsonDepth,
            limits.StringBytes);
    }

    /// <exception cref="ApiException">Too deep or malformed; the message gives line and byte.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body, int depth, int longestString = int.MaxValue)
    {
        if (body.IsEmpty)
            throw ApiException.Invalid(null, "The body is empty; send a JSON object.", "invalid_json");
        if (!Utf8.IsValid(body.Span))
            throw ApiException.Invalid(null, $"The body is not UTF-8 at byte {FirstInvalid(body.Span)}.", "invalid_json");
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(body, new JsonDocumentOptions { MaxDepth = depth });
        }
        catch (JsonException malformed)
        {
            throw ApiException.Invalid(null, Describe(malformed), "invalid_json");
        }
        try
        {
            RefuseLongStrings(body.Span, depth, longestString);
            LoneSurrogates.Refuse(body.Span, document.RootElement);
            return document;
        }
        catch
        {
            document.Dispose();
            throw;
        }
    }

    private static void RefuseLongStrings(ReadOnlySpan<byte> body, int depth, int longest)
    {
        if (body.Length <= longest)
            return;
        var reader = new Utf8JsonReader(body, new JsonReaderOptions { MaxDepth = depth });
        while (reader.Read())
        {
            if (reader.TokenType is JsonTokenType.String or JsonTokenType.PropertyName && reader.ValueSpan.Length > longest)
                throw ApiException.StringTooLong(reader.TokenStartIndex, longest);
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadBytesAsync(HttpRequest request, int limit, CancellationToken cancellationToken)
    {
        if (request.ContentLength > limit)
            throw ApiException.TooLarge(limit);
        var body = new ArrayBufferWriter<byte>(Math.Clamp((int)(request.ContentLength ?? 0), 4096, 1 << 20));
        try
        {
            while (await request.Body.ReadAsync(body.GetMemory(4096), cancellationToken).ConfigureAwait(false) is > 0 and int read)
            {
                body.Advance(read);
                if (body.WrittenCount > limit)
                    throw ApiException.TooLarge(limit);
            }
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw ApiException.TooLarge(limit);
        }
        catch (IOException broken) when (broken is not BadHttpRequestException && !cancellationToken.IsCancellationRequested)
        {
            // Chunk sizes beyond all numbers end here, and so does a client that left in the middle.
            throw ApiException.Invalid(null, $"The body could not be read to its end: {broken.Message}", "broken_body");
        }
        return body.WrittenMemory;
    }

    private static string Describe(JsonException malformed)
    {
        // The serialiser appends its own, zero-based, position to the sentence.
        string sentence = malformed.Message;
        int appended = sentence.IndexOf(" LineNumber:", StringComparison.Ordinal);
        if (appended >= 0)
            sentence = sentence[..appended];
        return $"The body is not valid JSON at line {malformed.LineNumber + 1}, byte {malformed.BytePositionInLine + 1}: {sentence}";
    }

    private static int FirstInvalid(ReadOnlySpan<byte> text)
    {
        int position = 0;
        while (Rune.DecodeFromUtf8(text[position..], out _, out int length) == OperationStatus.Done)
            position += length;
        return position;
    }
}
