using System.Text.Json.Nodes;

namespace AgentHost;

/// <summary>A tool is about to run. A handler that throws blocks the call.</summary>
/// <param name="name">The tool.</param>
/// <param name="callId">The call.</param>
/// <param name="arguments">Its arguments.</param>
public sealed class ToolCalling(string name, string callId, JsonObject arguments) : ExtensionEvent
{
    /// <summary>The tool.</summary>
    public string Name { get; } = name;

    /// <summary>The call.</summary>
    public string CallId { get; } = callId;

    /// <summary>The arguments that the tool will get.</summary>
    public JsonObject Arguments { get; } = arguments;

    /// <summary>Why the call must not run; the model gets it as the result. Null lets the call run.</summary>
    public string? BlockReason { get; set; }
}

/// <summary>A tool has answered.</summary>
/// <param name="name">The tool.</param>
/// <param name="callId">The call.</param>
/// <param name="result">Its answer.</param>
public sealed class ToolCompleted(string name, string callId, ToolResult result) : ExtensionEvent
{
    /// <summary>The tool.</summary>
    public string Name { get; } = name;

    /// <summary>The call.</summary>
    public string CallId { get; } = callId;

    /// <summary>What the model will get.</summary>
    public ToolResult Result { get; set; } = result;
}
