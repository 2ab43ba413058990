using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup;

/// <summary>Brings together everything that a server needs.</summary>
internal interface IModelSetup
{
    /// <summary>Whether there is a model of this id.</summary>
    bool Knows(string model);

    /// <summary>Does whatever is not done yet; quick when all is there.</summary>
    /// <param name="model">A model that is known.</param>
    /// <param name="mayDownload">Asked when weights must be fetched.</param>
    /// <param name="progress">Told every step.</param>
    /// <param name="cancellationToken">Ends it; what is done is kept.</param>
    /// <exception cref="SetupException">A step failed.</exception>
    Task<PreparedModel> PrepareAsync(string model, Func<bool> mayDownload, Action<Progress> progress, CancellationToken cancellationToken);
}

/// <summary>All that a server must be told.</summary>
/// <param name="ModelId">Model id, e.g. <c>demo</c>.</param>
/// <param name="DisplayName">What the model is called for people.</param>
/// <param name="Library">Path of <c>libds4</c>.</param>
/// <param name="ModelPath">Path of the GGUF.</param>
/// <param name="ContextWindow">Tokens a session holds; 0 = the model's own.</param>
internal sealed record PreparedModel(string ModelId, string DisplayName, string Library, string ModelPath, int ContextWindow)
{
    /// <summary>Replies that are generated at a time; 0 = as many as the server finds memory for.</summary>
    public int Slots { get; init; }

    /// <summary>Sampling temperature of requests that name none; null = the model's own.</summary>
    public double? Temperature { get; init; }
}
