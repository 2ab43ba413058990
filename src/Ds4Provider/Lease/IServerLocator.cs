namespace Ds4Provider.Lease;

/// <summary>Finds the server of a model; starts what must be started. Thread-safe.</summary>
internal interface IServerLocator : IAsyncDisposable
{
    /// <summary>Makes a model ready. Completes at once when it is; concurrent callers share one preparation.</summary>
    /// <exception cref="Ds4UnavailableException">The model cannot be made ready.</exception>
    ValueTask<ServerEndpoint> FindAsync(string model, Preparation preparation, CancellationToken cancellationToken);

    /// <summary>How it stands, without a look at the server.</summary>
    ServerCondition Condition { get; }

    /// <summary>Something that people should know; raised on a thread of the library.</summary>
    event Action<string>? Noticed;

    /// <summary>Tells that a server does not answer any more, so that the next search does not return it unchecked.</summary>
    void Forget(ServerEndpoint endpoint);

    /// <summary>Says that this process is about to come back, so that nothing stops in between.</summary>
    void LingerOnDispose(TimeSpan duration);
}

/// <summary>Whom to tell and ask on the way to a ready model.</summary>
/// <param name="Progress">Receives every step.</param>
/// <param name="ConfirmDownload">Asked before a large download; null = go ahead.</param>
internal readonly record struct Preparation(IProgress<Ds4Progress>? Progress, Func<long, CancellationToken, ValueTask<bool>>? ConfirmDownload = null);
