using Ds4Provider.Server.Http;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Messages;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Messages;

/// <summary>Errors in Anthropic's shape, for every path of the messages API.</summary>
internal static class MessagesErrors
{
    public static bool Covers(PathString path) => path.StartsWithSegments("/v1/messages");

    /// <summary>The body of a refusal.</summary>
    public static MessagesErrorBody Describe(ApiException refusal) => Body(refusal.Error, refusal.Status switch
    {
        StatusCodes.Status401Unauthorized => "authentication_error",
        StatusCodes.Status403Forbidden => "permission_error",
        StatusCodes.Status404NotFound => "not_found_error",
        StatusCodes.Status413PayloadTooLarge => "request_too_large",
        StatusCodes.Status429TooManyRequests => "rate_limit_error",
        StatusCodes.Status503ServiceUnavailable => "overloaded_error",
        >= 500 => "api_error",
        _ => "invalid_request_error",
    });

    /// <summary>The last event of a stream that failed; its status went out long ago.</summary>
    public static MessagesErrorBody Describe(ChatError error) => Body(error, error.Type switch
    {
        "invalid_request_error" => "invalid_request_error",
        _ => error.Code is "server_stopping" or "model_unavailable" ? "overloaded_error" : "api_error",
    });

    private static MessagesErrorBody Body(ChatError error, string type) =>
        new(new MessagesError(type, error.Message) { NPromptTokens = error.NPromptTokens, NCtx = error.NCtx });
}
