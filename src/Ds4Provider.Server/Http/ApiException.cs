using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Http;

/// <summary>A request that cannot be served, with the status and the error that the client gets.</summary>
internal sealed class ApiException : Exception
{
    public ApiException(int status, ChatError error)
        : base(error.Message)
    {
        Status = status;
        Error = error;
    }

    public int Status { get; }

    public ChatError Error { get; }

    /// <summary>When the client may try again, for refusals that pass.</summary>
    public TimeSpan? RetryAfter { get; private init; }

    public static ApiException Invalid(string? field, string message, string? code = null) =>
        new(StatusCodes.Status400BadRequest, new ChatError(message, "invalid_request_error") { Param = field, Code = code });

    public static ApiException PromptTooLong(string field, int tokens, int context) =>
        new(StatusCodes.Status400BadRequest, new ChatError(
            // Agents know "prompt is too long" and compact their conversation.
            $"The prompt is too long: {tokens} tokens > {context} maximum, the context with the reply included. Shorten the messages or the tools.",
            "invalid_request_error") { Param = field, Code = "context_length_exceeded", NPromptTokens = tokens, NCtx = context });

    public static ApiException Unauthorized(string message) =>
        new(StatusCodes.Status401Unauthorized, new ChatError(message, "authentication_error") { Code = "invalid_api_key" });

    public static ApiException Forbidden(string message, string code) =>
        new(StatusCodes.Status403Forbidden, new ChatError(message, "permission_error") { Code = code });

    public static ApiException NoSuchModel(string asked, string served) =>
        new(StatusCodes.Status404NotFound, new ChatError(
            $"The model '{asked}' is not served here; this server answers for '{served}'.",
            "invalid_request_error") { Param = "model", Code = "model_not_found" });

    public static ApiException TooLarge(int limit) =>
        new(StatusCodes.Status413PayloadTooLarge, new ChatError(
            $"The request body is larger than {limit} bytes, the most that this server reads.",
            "invalid_request_error") { Code = "request_too_large" });

    public static ApiException StringTooLong(long at, int limit) =>
        new(StatusCodes.Status413PayloadTooLarge, new ChatError(
            $"The string at byte {at} of the body is longer than {limit} bytes, the longest that this server reads.",
            "invalid_request_error") { Code = "string_too_long" });

    public static ApiException NotJson(string? contentType) =>
        new(StatusCodes.Status415UnsupportedMediaType, new ChatError(
            $"The content type is '{contentType ?? "missing"}'; send 'application/json'.",
            "invalid_request_error") { Code = "unsupported_media_type" });

    public static ApiException NotPlain(string encoding) =>
        new(StatusCodes.Status415UnsupportedMediaType, new ChatError(
            $"The body is encoded as '{encoding}'; send it without Content-Encoding.",
            "invalid_request_error") { Code = "unsupported_encoding" });

    public static ApiException QueueFull(int limit) =>
        new(StatusCodes.Status429TooManyRequests, new ChatError(
            $"{limit} requests are waiting already, the most that this server queues; try again later.",
            "rate_limit_error") { Code = "queue_full" }) { RetryAfter = TimeSpan.FromSeconds(10) };

    public static ApiException Stopping() =>
        new(StatusCodes.Status503ServiceUnavailable, new ChatError(
            "The server is stopping; send the request again when it is back.",
            "server_error") { Code = "server_stopping" }) { RetryAfter = TimeSpan.FromSeconds(5) };

    public static ApiException Unavailable(string message) =>
        new(StatusCodes.Status503ServiceUnavailable, new ChatError(message, "server_error") { Code = "model_unavailable" });

    public static ApiException Failed(string message, string code) =>
        new(StatusCodes.Status500InternalServerError, new ChatError(message, "server_error") { Code = code });
}
