namespace AgentHost;

/// <summary>The version of this contract.</summary>
public static class AgentContract
{
    /// <summary>
    /// Major and minor version. A host loads an extension of the same major version whose minor version is not newer
    /// than its own; members are only ever added within a major version.
    /// </summary>
    public const string Version = "1.0";
}
