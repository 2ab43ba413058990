namespace Ds4Provider.Engine.Replies;

/// <summary>Turns the sampled tokens of one reply into events, token by token. Not thread-safe; one per reply.</summary>
public interface IReplyParser
{
    /// <summary>Whether a complete block of tool calls was read: the reply is over although no end-of-sentence came.</summary>
    bool IsComplete { get; }

    /// <summary>Number of tokens that belonged to the reasoning.</summary>
    int ReasoningTokens { get; }

    /// <summary>Whether the state allows this control token; a sampler masks those that are not allowed.</summary>
    bool Allows(int controlToken);

    /// <summary>
    /// Whether the next token belongs to the syntax of a call rather than to what the call says: tags, names, and JSON
    /// outside its strings. Take the most likely token there (<see cref="Sampling.ISampler.Best"/>), whatever the
    /// temperature: chance keeps values alive, in syntax it only breaks calls.
    /// </summary>
    bool IsSyntax { get; }

    /// <summary>Reads one sampled token and appends what it caused.</summary>
    void Push(int token, ICollection<ReplyEvent> events);

    /// <summary>Ends the reply: releases held text, ends open calls, appends <see cref="Finished"/>.</summary>
    /// <param name="reason">
    /// Why it ended; becomes <see cref="FinishReason.ToolCalls"/> when calls were made. <see cref="FinishReason.Length"/>
    /// stays when the block of calls was cut off: its last call may not be what the model meant.
    /// </param>
    /// <param name="events">Receives the events.</param>
    void Complete(FinishReason reason, ICollection<ReplyEvent> events);
}
