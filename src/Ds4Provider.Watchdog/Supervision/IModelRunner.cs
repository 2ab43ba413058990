using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>Brings a model up and keeps it up.</summary>
internal interface IModelRunner
{
    /// <summary>Whether there is a model of this id.</summary>
    bool Knows(string model);

    /// <summary>
    /// Prepares the model, starts its server and supervises it. Returns once the server is gone after
    /// <paramref name="stopping"/> was asked for.
    /// </summary>
    /// <exception cref="SetupException">The model cannot be served.</exception>
    /// <exception cref="OperationCanceledException">Stopped before there was a server.</exception>
    Task RunAsync(string model, IModelRunObserver observer, CancellationToken stopping);
}

/// <summary>Hears how a run goes on. Calls come from any thread, one at a time.</summary>
internal interface IModelRunObserver
{
    /// <summary>Whether somebody who waits for the model allows that its weights are fetched.</summary>
    bool MayDownload { get; }

    /// <summary>A step of the way, also after <see cref="Ready"/> when the server has to be started again.</summary>
    void Progress(Progress progress);

    /// <summary>The server answers; said again after every restart.</summary>
    void Ready(Ready ready, IServerControl server);

    /// <summary>What the server works on and holds.</summary>
    void Worked(ServerWork work);
}

/// <summary>What can be asked of a running server.</summary>
internal interface IServerControl
{
    /// <summary>Opens a TCP listener that later servers of the same run will open again.</summary>
    /// <exception cref="SetupException">The listener cannot be opened.</exception>
    Task<Listening> ListenAsync(string host, int port, CancellationToken cancellationToken);

    /// <summary>One of those that asked for a listener needs it no more; it closes with the last of them.</summary>
    void Release(Listening listening);
}
