using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Completions;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Completions;

/// <summary>The form of a text completion.</summary>
/// <param name="identity">A completion that has what all its chunks have.</param>
/// <param name="includeUsage">Whether the stream ends with a chunk that carries the usage.</param>
internal sealed class CompletionsForm(TextCompletion identity, bool includeUsage) : IReplyForm
{
    public string Id => identity.Id;

    public IReplyEvents Stream(EventStream stream) => new Events(stream, identity, includeUsage);

    public Task WriteAsync(HttpContext context, IReadOnlyList<ReplyEvent> events, ReplyEnd end)
    {
        string text = string.Concat(events.OfType<TextDelta>().Select(delta => delta.Text));
        TextCompletion completion = identity with
        {
            Choices = [new TextChoice(0, text) { FinishReason = ChatProjection.Reason(end.Reason) }],
            Usage = ChatProjection.Usage(end.Usage),
        };
        return JsonReply.WriteAsync(context, completion, ApiJson.Completions.TextCompletion);
    }

    private sealed class Events(EventStream stream, TextCompletion template, bool includeUsage) : IReplyEvents
    {
        /// <summary>Nothing is known yet, but a client that waits sees that it is served.</summary>
        public void Start(int? promptTokens) => Write(Chunk(""));

        public void SignOfLife(ChatProgress? progress) => Write(Chunk("") with { Ds4 = progress });

        public void Add(ReplyEvent replyEvent)
        {
            if (replyEvent is TextDelta delta)
                Write(Chunk(delta.Text));
        }

        public void End(ReplyEnd end)
        {
            Write(template with { Choices = [new TextChoice(0, "") { FinishReason = ChatProjection.Reason(end.Reason) }] });
            if (includeUsage)
                Write(template with { Usage = ChatProjection.Usage(end.Usage) });
            stream.WriteDone();
        }

        public void Fail(ChatError error) => stream.Write(new ChatErrorBody(error), ApiJson.Chat.ChatErrorBody);

        private TextCompletion Chunk(string text) => template with { Choices = [new TextChoice(0, text)] };

        private void Write(TextCompletion chunk) => stream.Write(chunk, ApiJson.Completions.TextCompletion);
    }
}
