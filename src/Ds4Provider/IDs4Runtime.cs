using Microsoft.Extensions.AI;

namespace Ds4Provider;

/// <summary>
/// The way to the models. Nothing starts before <see cref="PrepareAsync"/> or a client's first request; from then on this
/// process holds a lease on the model until the runtime is disposed or the process ends, however it ends. Thread-safe.
/// </summary>
public interface IDs4Runtime
{
    /// <summary>The models, best first.</summary>
    IReadOnlyList<Ds4Model> Models { get; }

    /// <summary>
    /// Makes a model ready to answer: builds the engine, fetches weights, starts the server, as far as necessary. Returns
    /// at once when it is ready; concurrent calls share one preparation.
    /// </summary>
    /// <param name="model">A model's id, e.g. <see cref="Ds4Model.FlashId"/>.</param>
    /// <param name="progress">Receives every step, on a thread of the library; returns quickly.</param>
    /// <param name="cancellationToken">Ends the wait in every phase. The work stops when nobody else wants it.</param>
    /// <returns>The model, with what is known of it now.</returns>
    /// <exception cref="Ds4UnavailableException">The model cannot be made ready; says why and what to do.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    ValueTask<Ds4Model> PrepareAsync(string model, IProgress<Ds4Progress>? progress = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Creates a client; cheap, starts nothing. A request prepares the model itself and reports that as
    /// <see cref="Ds4ProgressUpdate"/>s. Disposing the client is not necessary.
    /// </summary>
    /// <param name="model">A model's id; <see cref="ChatOptions.ModelId"/> can name another one per request.</param>
    IChatClient CreateChatClient(string model);
}
