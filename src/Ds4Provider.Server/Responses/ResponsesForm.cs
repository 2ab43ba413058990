using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Responses;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Responses;

/// <summary>The form of a response.</summary>
/// <param name="begun">The response as it is when nothing has been generated.</param>
/// <param name="items">Makes the items of its output.</param>
internal sealed class ResponsesForm(ResponsesReply begun, ResponsesItems items) : IReplyForm
{
    public string Id => begun.Id;

    public IReplyEvents Stream(EventStream stream) => new ResponsesEvents(stream, begun, items);

    public Task WriteAsync(HttpContext context, IReadOnlyList<ReplyEvent> events, ReplyEnd end)
    {
        ReplyBlocks blocks = ReplyBlocks.Of(events, end.Reason, textNeeded: false);
        return JsonReply.WriteAsync(context, Ended(begun, blocks, items, end), ApiJson.Responses.ResponsesReply);
    }

    /// <summary>The response when it has ended.</summary>
    public static ResponsesReply Ended(ResponsesReply begun, ReplyBlocks blocks, ResponsesItems items, ReplyEnd end) => begun with
    {
        Status = end.Reason == FinishReason.Length ? "incomplete" : "completed",
        IncompleteDetails = end.Reason == FinishReason.Length ? new ResponsesIncomplete("max_output_tokens") : null,
        Output = [.. blocks.All.Select(items.Whole)],
        Usage = Usage(end.Usage),
    };

    private static ResponsesUsage Usage(GenerationUsage usage) => new(
        usage.Prompt, new ChatPromptDetails(usage.Cached), usage.Completion, new ChatCompletionDetails(usage.Reasoning),
        usage.Prompt + usage.Completion);
}
