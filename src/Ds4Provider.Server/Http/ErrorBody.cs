using Ds4Provider.Server.Messages;
using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Http;

/// <summary>Writes an error in the shape of the API that was asked: Anthropic's under its paths, OpenAI's everywhere else.</summary>
internal static class ErrorBody
{
    public static Task WriteAsync(HttpContext context, ApiException refusal) =>
        MessagesErrors.Covers(context.Request.Path)
            ? JsonReply.WriteAsync(
                context, MessagesErrors.Describe(refusal) with { RequestId = context.TraceIdentifier }, ApiJson.Messages.MessagesErrorBody)
            : JsonReply.WriteAsync(context, new ChatErrorBody(refusal.Error), ApiJson.Chat.ChatErrorBody);
}
