using Microsoft.Extensions.Logging;

namespace AgentHost;

/// <summary>What a host offers to one extension.</summary>
/// <remarks>
/// Thread-safe. Each registration returns a handle whose disposal takes it back; the host takes all of them back before it
/// unloads the extension. After that every member throws <see cref="ExtensionUnloadedException"/>.
/// </remarks>
public interface IExtensionApi
{
    /// <summary>The extension's id.</summary>
    string ExtensionId { get; }

    /// <summary>Directory of the extension's assembly and content files; read only.</summary>
    string ContentDirectory { get; }

    /// <summary>Directory for the extension's own files; created by the extension when it needs it.</summary>
    string DataDirectory { get; }

    /// <summary>Creates loggers that write to the host's log.</summary>
    ILoggerFactory Logging { get; }

    /// <summary>When the extension ends, and what must end with it.</summary>
    IExtensionLifetime Lifetime { get; }

    /// <summary>Offers models.</summary>
    /// <exception cref="ArgumentException">Another provider has this id.</exception>
    IDisposable RegisterProvider(IModelProvider provider);

    /// <summary>Offers a tool to the model, after the host's own tools. A tool with a known name replaces that tool.</summary>
    IDisposable RegisterTool(ToolDefinition tool);

    /// <summary>Offers a command that people type as <c>/name</c>.</summary>
    /// <exception cref="ArgumentException">Another command has this name.</exception>
    IDisposable RegisterCommand(CommandDefinition command);

    /// <summary>
    /// Declares an option of the host's command line. Only effective within <see cref="IAgentExtension.ActivateAsync"/>;
    /// the value can be read once a session has started.
    /// </summary>
    /// <exception cref="ArgumentException">Another option has this name.</exception>
    IDisposable RegisterFlag(FlagDefinition flag);

    /// <summary>The value given on the command line for a flag of this extension: <c>""</c> for a switch, null when it was not given.</summary>
    string? GetFlag(string name);

    /// <summary>
    /// Handles an event of the session. Handlers run one at a time, in the order in which extensions were loaded, then by
    /// <paramref name="order"/>, then in the order of registration.
    /// </summary>
    /// <remarks>
    /// An exception is logged and the agent goes on, except for <see cref="ToolCalling"/>, where it blocks the call, and
    /// <see cref="RequestSending"/>, where it fails the turn: both fail closed.
    /// </remarks>
    /// <typeparam name="TEvent">The event.</typeparam>
    /// <param name="handler">Called for each event.</param>
    /// <param name="order">Lower runs first within the extension.</param>
    IDisposable On<TEvent>(ExtensionHandler<TEvent> handler, int order = 0)
        where TEvent : ExtensionEvent;
}

/// <summary>Handles an event. May change what the event lets it change.</summary>
/// <typeparam name="TEvent">The event.</typeparam>
/// <param name="e">The event.</param>
/// <param name="context">The session in which it happens.</param>
/// <param name="cancellationToken">Cancelled when the turn is.</param>
public delegate ValueTask ExtensionHandler<in TEvent>(TEvent e, IExtensionContext context, CancellationToken cancellationToken)
    where TEvent : ExtensionEvent;
