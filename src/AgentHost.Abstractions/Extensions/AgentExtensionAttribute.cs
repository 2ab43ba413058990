namespace AgentHost;

/// <summary>
/// Names the extension in an assembly. A host reads it as metadata, before any code of the assembly runs, so every
/// value must be a constant.
/// </summary>
/// <param name="type">A class that implements <see cref="IAgentExtension"/> and has a public constructor without parameters.</param>
[AttributeUsage(AttributeTargets.Assembly)]
public sealed class AgentExtensionAttribute(Type type) : Attribute
{
    /// <summary>The class that implements <see cref="IAgentExtension"/>.</summary>
    public Type Type { get; } = type;

    /// <summary>Short name, unique among the loaded extensions: <c>ds4</c>. Names its data directory.</summary>
    public required string Id { get; init; }

    /// <summary>The contract that the extension was written for, e.g. <c>1.0</c>; see <see cref="AgentContract.Version"/>.</summary>
    public required string Contract { get; init; }
}
