namespace AgentHost;

/// <summary>An option of the host's command line, given as <c>--name</c> or <c>--name value</c>.</summary>
/// <param name="Name">Name without the dashes.</param>
/// <param name="Description">One line for the help text.</param>
public sealed record FlagDefinition(string Name, string Description)
{
    /// <summary>Whether a value follows; otherwise the flag is a switch.</summary>
    public bool HasValue { get; init; }
}
