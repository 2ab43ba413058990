using AgentHost;

namespace Agent.Modes;

/// <summary>The session as extensions see it.</summary>
internal sealed class SessionContext(IExtensionUi ui, HostMode mode, string workingDirectory) : IExtensionContext
{
    public IExtensionUi Ui => ui;

    public HostMode Mode => mode;

    public string WorkingDirectory => workingDirectory;

    public string? Model { get; set; }

    public ThinkingLevel ThinkingLevel { get; set; }

    /// <summary>What <see cref="Abort"/> does while a turn runs.</summary>
    public Action? AbortTurn { get; set; }

    /// <summary>Whether an extension asked the host to end.</summary>
    public bool IsShutdownRequested { get; private set; }

    public void Abort() => AbortTurn?.Invoke();

    public void RequestShutdown() => IsShutdownRequested = true;
}
