using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;
using Ds4Provider.Wire.Chat;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Streaming;

/// <summary>What makes one API out of the path that all replies take: its requests and the form of its replies. Thread-safe.</summary>
internal interface IReplyApi
{
    /// <summary>Name in metrics.</summary>
    string Name { get; }

    /// <summary>Checks and understands a body; nothing of the result refers to its document.</summary>
    /// <exception cref="ApiException">Names the field that is wrong.</exception>
    ApiRequest Read(JsonField body);
}

/// <summary>A request that was understood.</summary>
/// <param name="Generation">What is to be generated.</param>
/// <param name="Form">The form of its reply.</param>
internal sealed record ApiRequest(GenerationRequest Generation, IReplyForm Form);

/// <summary>The form of one reply, streamed or whole: both say the same, because both are made of the same events.</summary>
internal interface IReplyForm
{
    /// <summary>Id of the reply.</summary>
    string Id { get; }

    /// <summary>The reply as events.</summary>
    IReplyEvents Stream(EventStream stream);

    /// <summary>The reply as one body.</summary>
    Task WriteAsync(HttpContext context, IReadOnlyList<ReplyEvent> events, ReplyEnd end);
}

/// <summary>Writes a reply as server-sent events of its API; whoever calls flushes. Not thread-safe.</summary>
internal interface IReplyEvents
{
    /// <summary>The reply begins; nothing of it is known yet but, perhaps, the length of its prompt.</summary>
    void Start(int? promptTokens);

    /// <summary>Nothing happened for a while, or the client wants to know how far the prompt is.</summary>
    void SignOfLife(ChatProgress? progress);

    /// <summary>Something happened; never <see cref="Finished"/>.</summary>
    void Add(ReplyEvent replyEvent);

    /// <summary>The reply has ended.</summary>
    void End(ReplyEnd end);

    /// <summary>The reply failed; nothing follows.</summary>
    void Fail(ChatError error);
}

/// <summary>How a reply ended.</summary>
/// <param name="Reason">Why.</param>
/// <param name="StopString">The stop string that ended it, if one did.</param>
/// <param name="Usage">Tokens read and written.</param>
internal sealed record ReplyEnd(FinishReason Reason, string? StopString, GenerationUsage Usage);
