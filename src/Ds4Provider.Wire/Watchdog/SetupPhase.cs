namespace Ds4Provider.Wire.Watchdog;

/// <summary>The steps from nothing to a model that answers, in their order.</summary>
public enum SetupPhase
{
    /// <summary>Waiting for somebody else's work, such as a model switch.</summary>
    Waiting,

    /// <summary>Compiling the native engine.</summary>
    Building,

    /// <summary>Checking memory and disk, choosing the variant.</summary>
    Choosing,

    /// <summary>Fetching weights.</summary>
    Downloading,

    /// <summary>Checking what was made or fetched: the engine's self-test, the content of weights.</summary>
    Verifying,

    /// <summary>Starting the server and mapping the weights.</summary>
    Loading,

    /// <summary>The model answers.</summary>
    Ready,

    /// <summary>The server is being started again after it ended unexpectedly.</summary>
    Restarting,

    /// <summary>The server is being stopped.</summary>
    Stopping,
}
