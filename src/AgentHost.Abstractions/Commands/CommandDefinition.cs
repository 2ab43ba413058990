namespace AgentHost;

/// <summary>A command that people type as <c>/name arguments</c>.</summary>
/// <param name="Name">Name without the slash.</param>
/// <param name="Description">One line for the list of commands.</param>
/// <param name="RunAsync">Runs it; the string is what followed the name. The token is cancelled by Esc.</param>
public sealed record CommandDefinition(
    string Name, string Description, Func<string, IExtensionContext, CancellationToken, ValueTask> RunAsync);
