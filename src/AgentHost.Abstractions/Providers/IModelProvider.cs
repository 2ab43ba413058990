using Microsoft.Extensions.AI;

namespace AgentHost;

/// <summary>Offers models to a host. Thread-safe.</summary>
public interface IModelProvider
{
    /// <summary>First part of a model's full name: <c>ds4</c> in <c>ds4/demo</c>.</summary>
    string Id { get; }

    /// <summary>Name for people.</summary>
    string DisplayName { get; }

    /// <summary>The models, best first. Answers at once from what is known.</summary>
    IReadOnlyList<ModelInfo> Models { get; }

    /// <summary>Looks for models anew, before the host shows them in a list.</summary>
    /// <param name="cancellationToken">Ends the search; <see cref="Models"/> stays as it was.</param>
    ValueTask RefreshModelsAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    /// <summary>
    /// Makes a model ready to answer: whatever must be built, fetched, loaded or started. Called when a model is selected
    /// and before each request; returns at once when the model is ready, and concurrent calls share one preparation.
    /// </summary>
    /// <param name="model">One of <see cref="Models"/>.</param>
    /// <param name="request">Why, and whom to tell and ask on the way.</param>
    /// <param name="cancellationToken">Ends the wait in every phase. The work itself goes on while somebody else wants it.</param>
    /// <exception cref="ProviderUnavailableException">The model cannot be made ready; says why and what to do.</exception>
    /// <exception cref="OperationCanceledException">The wait was cancelled.</exception>
    ValueTask PrepareAsync(ModelInfo model, PrepareRequest request, CancellationToken cancellationToken);

    /// <summary>
    /// Creates a client for a model; cheap, starts nothing. The host owns it and disposes it. The client does not run
    /// tools, and it throws <see cref="ProviderUnavailableException"/> from a request when the model cannot be reached.
    /// </summary>
    /// <param name="model">One of <see cref="Models"/>.</param>
    IChatClient CreateChatClient(ModelInfo model);

    /// <summary>
    /// Reads what an update of this provider's client says beyond its contents: a piece of a call's arguments, or progress
    /// before the first token. Such an update has no contents, so nothing of it enters the conversation.
    /// </summary>
    /// <param name="update">An update of a client from <see cref="CreateChatClient"/>.</param>
    /// <param name="detail">What it says.</param>
    /// <returns>Whether it says anything.</returns>
    bool TryReadUpdate(ChatResponseUpdate update, out StreamDetail detail)
    {
        detail = default;
        return false;
    }
}
