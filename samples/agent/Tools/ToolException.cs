namespace Agent.Tools;

/// <summary>A call failed in a way that the model should know about; it gets <c>Error: message</c>.</summary>
internal sealed class ToolException(string message) : Exception(message);
