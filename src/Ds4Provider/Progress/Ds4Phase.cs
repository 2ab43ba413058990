namespace Ds4Provider;

/// <summary>The steps from nothing to the first word of an answer.</summary>
public enum Ds4Phase
{
    /// <summary>Waiting for somebody else's work, such as a model switch.</summary>
    Waiting,

    /// <summary>Compiling the native engine.</summary>
    Building,

    /// <summary>Checking memory and disk, choosing the variant.</summary>
    Choosing,

    /// <summary>Fetching weights.</summary>
    Downloading,

    /// <summary>Running the engine's self-test.</summary>
    Verifying,

    /// <summary>Starting the server and mapping the weights.</summary>
    Loading,

    /// <summary>The model answers.</summary>
    Ready,

    /// <summary>The server is being started again after it ended unexpectedly.</summary>
    Restarting,

    /// <summary>The server is being stopped.</summary>
    Stopping,

    /// <summary>The request waits behind others.</summary>
    Queued,

    /// <summary>The prompt is being read.</summary>
    Prefilling,

    /// <summary>The reply is being written; told while nothing of it comes, such as when others take turns with it.</summary>
    Generating,
}
