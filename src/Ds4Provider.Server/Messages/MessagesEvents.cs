using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Messages;

namespace Ds4Provider.Server.Messages;

/// <summary>A message as events: its start, each block from start to stop, its end; <c>ping</c> as sign of life.</summary>
internal sealed class MessagesEvents : IReplyEvents, IBlockSink
{
    private readonly EventStream stream;
    private readonly string id;
    private readonly string model;
    private readonly ReplyBlocks blocks;

    public MessagesEvents(EventStream stream, string id, string model)
    {
        this.stream = stream;
        this.id = id;
        this.model = model;
        blocks = new ReplyBlocks(this);
    }

    public void Start(int? promptTokens) => Write(new MessagesEvent("message_start")
    {
        // What of the prompt was cached is known only later; the end of the message says it.
        Message = new MessagesReply(id, model, [], new MessagesUsage(promptTokens ?? 0, 0, 0, 0)),
    });

    public void SignOfLife(ChatProgress? progress) => Write(new MessagesEvent("ping") { Ds4 = progress });

    public void Add(ReplyEvent replyEvent) => blocks.Add(replyEvent);

    public void End(ReplyEnd end)
    {
        blocks.End(end.Reason, textNeeded: true);
        var last = new MessagesEnd(
            new MessagesStop(MessagesProjection.Reason(end), end.StopString), MessagesProjection.Usage(end.Usage));
        stream.Write(last.Type, last, ApiJson.Messages.MessagesEnd);
        Write(new MessagesEvent("message_stop"));
    }

    public void Fail(ChatError error)
    {
        MessagesErrorBody body = MessagesErrors.Describe(error);
        stream.Write(body.Type, body, ApiJson.Messages.MessagesErrorBody);
    }

    public void Begin(ReplyBlock block) =>
        Write(new MessagesEvent("content_block_start") { Index = block.Index, ContentBlock = MessagesProjection.Empty(block) });

    public void Append(ReplyBlock block, string piece) => WriteDelta(block, MessagesProjection.Delta(block, piece));

    public void End(ReplyBlock block)
    {
        if (block.Kind == BlockKind.Reasoning)
            WriteDelta(block, new MessagesDelta("signature_delta") { Signature = id });
        Write(new MessagesEvent("content_block_stop") { Index = block.Index });
    }

    private void WriteDelta(ReplyBlock block, MessagesDelta delta) =>
        Write(new MessagesEvent("content_block_delta") { Index = block.Index, Delta = delta });

    private void Write(MessagesEvent value) => stream.Write(value.Type, value, ApiJson.Messages.MessagesEvent);
}
