using AgentHost;

namespace Agent.Loop;

/// <summary>Sees what the agent does. Thread-safe: several calls run at once. No member waits for the screen.</summary>
internal interface IAgentView
{
    /// <summary>A request is on its way; nothing has come back.</summary>
    void RequestStarted();

    /// <summary>A step before the first token.</summary>
    void Progress(ProviderProgress progress);

    void Reasoning(string text);

    void Text(string text);

    /// <summary>A piece of a call that the model is writing.</summary>
    void CallWriting(ToolCallFragment fragment);

    /// <summary>The model has written a call.</summary>
    /// <param name="index">Index of its fragments, when there were some.</param>
    /// <param name="callId">Names the call from here on.</param>
    /// <param name="name">The tool.</param>
    /// <param name="arguments">JSON text.</param>
    void CallWritten(int index, string callId, string name, string arguments);

    void ReplyEnded(ReplyEnd end);

    void CallStarted(string callId);

    void CallOutput(string callId, string text);

    void CallEnded(string callId, ToolResult result);
}

/// <summary>How a reply ended.</summary>
internal enum ReplyEnd
{
    /// <summary>With calls, which run next.</summary>
    Calls,

    /// <summary>With the answer.</summary>
    Answer,

    /// <summary>Cancelled or failed; it is forgotten.</summary>
    Aborted,
}
