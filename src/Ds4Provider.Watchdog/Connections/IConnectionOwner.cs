using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Connections;

/// <summary>Decides about what clients ask. Every call is answered before the connection reads its next line.</summary>
internal interface IConnectionOwner
{
    /// <summary>
    /// A client says of what version a watchdog would be that it started itself. True: this one ends for it, and the
    /// connection is closed without a word.
    /// </summary>
    Task<bool> MakesWayAsync(ClientConnection connection, string version);

    /// <summary>A client has introduced itself. False: close without a welcome, which makes the client try the next watchdog.</summary>
    Task<bool> OpenedAsync(ClientConnection connection);

    /// <summary>A client asks something.</summary>
    Task ReceiveAsync(ClientConnection connection, WatchdogMessage message);

    /// <summary>The connection is closed, whichever side did it and how. Also called for those that never were opened.</summary>
    Task ClosedAsync(ClientConnection connection);
}
