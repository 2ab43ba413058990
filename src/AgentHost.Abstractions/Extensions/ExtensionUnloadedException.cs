namespace AgentHost;

/// <summary>An extension used its host after it was unloaded.</summary>
public sealed class ExtensionUnloadedException : InvalidOperationException
{
    /// <summary>Creates the exception.</summary>
    /// <param name="extensionId">The extension.</param>
    public ExtensionUnloadedException(string extensionId)
        : base($"The extension '{extensionId}' has been unloaded; its API can no longer be used.") =>
        ExtensionId = extensionId;

    /// <summary>The extension.</summary>
    public string ExtensionId { get; }
}
