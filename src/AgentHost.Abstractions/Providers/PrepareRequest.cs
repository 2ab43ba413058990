namespace AgentHost;

/// <summary>Why a model is made ready, and whom to tell and ask on the way.</summary>
public sealed class PrepareRequest
{
    /// <summary>What the host is about to do.</summary>
    public PrepareReason Reason { get; init; }

    /// <summary>Receives every step. Called on the provider's threads; returns quickly.</summary>
    public IProgress<ProviderProgress>? Progress { get; init; }

    /// <summary>
    /// Asked once before a large download. Refusal ends the preparation with
    /// <see cref="ProviderUnavailableReason.DownloadRefused"/>. Null means: download without asking.
    /// </summary>
    public Func<DownloadOffer, CancellationToken, ValueTask<bool>>? ConfirmDownload { get; init; }
}

/// <summary>What a host is about to do with a model.</summary>
public enum PrepareReason
{
    /// <summary>Somebody chose the model; a request may follow.</summary>
    Selected,

    /// <summary>A request follows at once.</summary>
    Request,
}

/// <summary>A download that needs consent.</summary>
/// <param name="Description">What would be fetched and from where, for people.</param>
/// <param name="Bytes">How much is still to be fetched.</param>
public sealed record DownloadOffer(string Description, long Bytes);
