using Microsoft.Extensions.AI;

namespace AgentHost;

/// <summary>A person sent a text that is not a command.</summary>
/// <param name="text">The text.</param>
public sealed class InputReceived(string text) : ExtensionEvent
{
    /// <summary>What the model will get.</summary>
    public string Text { get; set; } = text;

    /// <summary>Set by a handler that has dealt with the text: the model does not get it.</summary>
    public bool Handled { get; set; }
}

/// <summary>A request is about to be sent to the model. A handler that throws fails the turn; nothing is retried.</summary>
/// <param name="model">Full name of the model.</param>
/// <param name="messages">A copy of the conversation.</param>
/// <param name="options">Options of this request.</param>
public sealed class RequestSending(string model, IList<ChatMessage> messages, ChatOptions options) : ExtensionEvent
{
    /// <summary>Full name of the model.</summary>
    public string Model { get; } = model;

    /// <summary>What this request sends; changes do not touch the conversation itself.</summary>
    public IList<ChatMessage> Messages { get; } = messages;

    /// <summary>Options of this request.</summary>
    public ChatOptions Options { get; } = options;
}

/// <summary>The model's reply is complete; its calls, if any, run next.</summary>
/// <param name="message">The reply.</param>
/// <param name="usage">Tokens read and written, when the provider tells.</param>
public sealed class ResponseReceived(ChatMessage message, UsageDetails? usage) : ExtensionEvent
{
    /// <summary>The reply; not to be changed.</summary>
    public ChatMessage Message { get; } = message;

    /// <summary>Tokens read and written.</summary>
    public UsageDetails? Usage { get; } = usage;
}

/// <summary>The agent has finished with an input: no request and no call follows.</summary>
/// <param name="aborted">Whether it was cancelled or failed.</param>
public sealed class AgentSettled(bool aborted) : ExtensionEvent
{
    /// <summary>Whether it was cancelled or failed.</summary>
    public bool Aborted { get; } = aborted;
}
