using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Messages;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Messages;

/// <summary>The form of a message.</summary>
internal sealed class MessagesForm(string id, string model) : IReplyForm
{
    public string Id => id;

    public IReplyEvents Stream(EventStream stream) => new MessagesEvents(stream, id, model);

    public Task WriteAsync(HttpContext context, IReadOnlyList<ReplyEvent> events, ReplyEnd end)
    {
        ReplyBlocks blocks = ReplyBlocks.Of(events, end.Reason, textNeeded: true);
        var reply = new MessagesReply(
            id, model, [.. blocks.All.Select(block => MessagesProjection.Whole(block, id))], MessagesProjection.Usage(end.Usage))
        {
            StopReason = MessagesProjection.Reason(end),
            StopSequence = end.StopString,
        };
        return JsonReply.WriteAsync(context, reply, ApiJson.Messages.MessagesReply);
    }
}
