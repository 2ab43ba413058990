namespace AgentHost;

/// <summary>The time between activation and unloading of one extension.</summary>
public interface IExtensionLifetime
{
    /// <summary>Cancelled when the extension is about to be unloaded.</summary>
    CancellationToken Stopping { get; }

    /// <summary>Hands over an object to dispose at the end, in reverse order. The host waits for it a few seconds.</summary>
    void Own(IAsyncDisposable resource);

    /// <summary>
    /// Runs background work from the start of the first session until <see cref="Stopping"/>, at once when a session
    /// already exists. An exception is logged.
    /// </summary>
    void Run(Func<CancellationToken, Task> work);
}
