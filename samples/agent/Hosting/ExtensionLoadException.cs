namespace Agent.Hosting;

/// <summary>An extension cannot be loaded; the message says which, why, and what to do.</summary>
internal sealed class ExtensionLoadException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>A handler of an extension failed where the agent must not go on.</summary>
internal sealed class ExtensionHandlerException(string extensionId, string eventName, Exception innerException)
    : Exception($"the extension '{extensionId}' failed in {eventName}: {innerException.Message}", innerException);
