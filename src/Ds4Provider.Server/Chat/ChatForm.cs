using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Chat;

/// <summary>The form of a chat completion.</summary>
/// <param name="identity">A chunk that has what all chunks have.</param>
/// <param name="includeUsage">Whether the stream ends with a chunk that carries the usage.</param>
internal sealed class ChatForm(ChatCompletionChunk identity, bool includeUsage) : IReplyForm
{
    public string Id => identity.Id;

    public IReplyEvents Stream(EventStream stream) => new ChatEvents(stream, identity, includeUsage);

    public Task WriteAsync(HttpContext context, IReadOnlyList<ReplyEvent> events, ReplyEnd end)
    {
        var transcript = new ReplyTranscript();
        foreach (ReplyEvent replyEvent in events)
            transcript.Add(replyEvent);
        var completion = new ChatCompletion(
            identity.Id, identity.Created, identity.Model,
            [new ChatChoice(0, ChatProjection.Message(transcript), ChatProjection.Reason(end.Reason))])
        {
            Usage = ChatProjection.Usage(end.Usage),
        };
        return JsonReply.WriteAsync(context, completion, ApiJson.Chat.ChatCompletion);
    }
}
