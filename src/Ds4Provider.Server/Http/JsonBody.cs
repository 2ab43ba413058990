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
        using var body = new MemoryStream((int)Math.Clamp(request.ContentLength ?? 0, 0, 1 << 20));
        try
        {
            await request.Body.CopyToAsync(body, cancellationToken).ConfigureAwait(false);
        }
        catch (BadHttpRequestException tooLarge) when (tooLarge.StatusCode == StatusCodes.Status413PayloadTooLarge)
        {
            throw ApiException.TooLarge(limits.BodyBytes);
        }
        return Parse(body.GetBuffer().AsMemory(0, (int)body.Length), limits.JsonDepth);
    }

    /// <exception cref="ApiException">Too deep or malformed; the message gives line and byte.</exception>
    public static JsonDocument Parse(ReadOnlyMemory<byte> body, int depth)
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
            LoneSurrogates.Refuse(body.Span, document.RootElement);
            return document;
        }
        catch
        {
            document.Dispose();
            throw;
        }
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
        while (Rune.DecodeFromUtf8(text[position..], out _, out int length) == System.Buffers.OperationStatus.Done)
            position += length;
        return position;
    }
}
