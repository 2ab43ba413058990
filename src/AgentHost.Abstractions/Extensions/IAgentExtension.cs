namespace AgentHost;

/// <summary>Entry point of an extension, found through <see cref="AgentExtensionAttribute"/>.</summary>
public interface IAgentExtension
{
    /// <summary>
    /// Registers what the extension offers. Registrations made here take effect together after the method returns; an
    /// exception undoes all of them, and the host goes on without the extension.
    /// </summary>
    /// <remarks>
    /// Must not start processes, sockets or timers: it also runs where no session follows, such as for a list of models.
    /// Use <see cref="IModelProvider.PrepareAsync"/>, <see cref="IExtensionLifetime.Run"/> or a command for that.
    /// </remarks>
    /// <param name="api">The host, valid until the extension is unloaded.</param>
    /// <param name="cancellationToken">Cancelled when the host gives up waiting.</param>
    ValueTask ActivateAsync(IExtensionApi api, CancellationToken cancellationToken);
}
