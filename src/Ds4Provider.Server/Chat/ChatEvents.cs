using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;

namespace Ds4Provider.Server.Chat;

/// <summary>A chat completion as chunks: the role, deltas, the reason, the usage, the end marker.</summary>
internal sealed class ChatEvents(EventStream stream, ChatCompletionChunk template, bool includeUsage) : IReplyEvents
{
    public void Start(int? promptTokens) => Write(Chunk(new ChatDelta { Role = "assistant" }));

    public void SignOfLife(ChatProgress? progress) => Write(Chunk(new ChatDelta()) with { Ds4 = progress });

    public void Add(ReplyEvent replyEvent)
    {
        if (ChatProjection.Delta(replyEvent) is { } delta)
            Write(Chunk(delta));
    }

    public void End(ReplyEnd end)
    {
        Write(template with
        {
            Choices = [new ChatChunkChoice(0, new ChatDelta()) { FinishReason = ChatProjection.Reason(end.Reason) }],
        });
        if (includeUsage)
            Write(template with { Usage = ChatProjection.Usage(end.Usage) });
        stream.WriteDone();
    }

    public void Fail(ChatError error) => stream.Write(new ChatErrorBody(error), ApiJson.Chat.ChatErrorBody);

    private ChatCompletionChunk Chunk(ChatDelta delta) => template with { Choices = [new ChatChunkChoice(0, delta)] };

    private void Write(ChatCompletionChunk chunk) => stream.Write(chunk, ApiJson.Chat.ChatCompletionChunk);
}
