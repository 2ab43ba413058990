using System.Text.Json;

namespace Ds4Provider.Engine.Prompting;

/// <summary>A conversation as an API received it, ready to be rendered.</summary>
/// <param name="Messages">Messages in their order.</param>
public sealed record Conversation(IReadOnlyList<ConversationMessage> Messages)
{
    /// <summary>Function objects (<c>name</c>, <c>description</c>, <c>parameters</c>) as the client sent them.</summary>
    public IReadOnlyList<JsonElement> Tools { get; init; } = [];

    /// <summary>Schema that the reply must follow; rendered after the tools.</summary>
    public JsonElement? ResponseSchema { get; init; }

    /// <summary>How much the model is asked to think.</summary>
    public ThinkingMode Thinking { get; init; } = ThinkingMode.On;
}

/// <summary>How much the model is asked to think.</summary>
public enum ThinkingMode
{
    /// <summary>Answer at once.</summary>
    Off,

    /// <summary>Think, then answer.</summary>
    On,

    /// <summary>Think with the trained maximum-effort instruction.</summary>
    Maximum,
}

/// <summary>One message.</summary>
public abstract record ConversationMessage;

/// <summary>Text of the system.</summary>
/// <param name="Text">Raw text.</param>
public sealed record SystemMessage(string Text) : ConversationMessage;

/// <summary>Text of the developer: rendered like a user's.</summary>
/// <param name="Text">Raw text.</param>
public sealed record DeveloperMessage(string Text) : ConversationMessage;

/// <summary>Text of the user.</summary>
/// <param name="Text">Raw text.</param>
public sealed record UserMessage(string Text) : ConversationMessage;

/// <summary>Result of a call.</summary>
/// <param name="CallId">The call it answers.</param>
/// <param name="Text">Raw text.</param>
public sealed record ToolMessage(string? CallId, string Text) : ConversationMessage;

/// <summary>A turn of the model.</summary>
/// <param name="Text">Visible text.</param>
public sealed record AssistantMessage(string Text) : ConversationMessage
{
    /// <summary>Reasoning, or null when the client did not send it.</summary>
    public string? Reasoning { get; init; }

    /// <summary>Calls in their order.</summary>
    public IReadOnlyList<AssistantCall> Calls { get; init; } = [];
}

/// <summary>A call in a turn of the model.</summary>
/// <param name="Id">Id that the results refer to.</param>
/// <param name="Name">Function name.</param>
/// <param name="Arguments">JSON text of the arguments.</param>
public sealed record AssistantCall(string? Id, string Name, string Arguments);
