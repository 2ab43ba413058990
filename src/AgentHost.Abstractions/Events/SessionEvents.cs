namespace AgentHost;

/// <summary>A session has started; a model may not have been chosen yet.</summary>
/// <param name="reason">Why.</param>
public sealed class SessionStarted(SessionStartReason reason) : ExtensionEvent
{
    /// <summary>Why.</summary>
    public SessionStartReason Reason { get; } = reason;
}

/// <summary>Why a session starts.</summary>
public enum SessionStartReason
{
    /// <summary>The host was started.</summary>
    Startup,

    /// <summary>The person asked for a new conversation.</summary>
    New,
}

/// <summary>A session is about to end. The host waits for the handlers a few seconds.</summary>
/// <param name="reason">Why.</param>
public sealed class SessionStopping(SessionStopReason reason) : ExtensionEvent
{
    /// <summary>Why.</summary>
    public SessionStopReason Reason { get; } = reason;
}

/// <summary>Why a session ends.</summary>
public enum SessionStopReason
{
    /// <summary>The host is leaving.</summary>
    Quit,

    /// <summary>A new conversation follows.</summary>
    New,
}

/// <summary>A model was chosen and is ready.</summary>
/// <param name="model">Full name, <c>ds4/demo</c>.</param>
/// <param name="previous">Full name of the model before, when there was one.</param>
public sealed class ModelSelected(string model, string? previous) : ExtensionEvent
{
    /// <summary>Full name.</summary>
    public string Model { get; } = model;

    /// <summary>Full name of the model before.</summary>
    public string? Previous { get; } = previous;
}
