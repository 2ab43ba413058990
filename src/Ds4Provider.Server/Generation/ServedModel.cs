using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;

namespace Ds4Provider.Server.Generation;

/// <summary>The model that is served, and how much it may hold.</summary>
/// <param name="Engine">The model with its chat format.</param>
/// <param name="ContextWindow">Tokens that prompt and reply may hold together.</param>
internal sealed record ServedModel(LoadedModel Engine, int ContextWindow)
{
    /// <summary>Replies that can be generated at a time.</summary>
    public int Slots { get; init; } = 1;

    /// <summary>States to which sessions can return; null while the model loads.</summary>
    public CheckpointIndex? Checkpoints { get; init; }

    /// <summary>States on the disk; null when none are kept there.</summary>
    public CheckpointStore? Store { get; init; }

    /// <summary>Backend and kernels that compute; null when the engine does not say.</summary>
    public string? ComputesOn => Engine.Model.Description is { Backend.Length: > 0 } description ? $"{description.Backend}, {description.Kernels}" : null;

    /// <summary>Tokens of a prompt that would not be evaluated if it began now, and whether they would come from the disk.</summary>
    public (int Tokens, bool FromDisk) ExpectCached(ReadOnlySpan<int> prompt)
    {
        int inMemory = Checkpoints?.FindLongest(prompt)?.Position ?? 0;
        int onDisk = Store?.FindLongest(prompt) ?? 0;
        return onDisk >= inMemory + CheckpointStore.LeastRecalled ? (onDisk, true) : (inMemory, false);
    }

    /// <summary>Brings what the disk has of a prompt into memory.</summary>
    public Task RecallAsync(ReadOnlyMemory<int> prompt, CancellationToken cancellationToken) =>
        Store?.RecallAsync(prompt, cancellationToken) ?? Task.CompletedTask;

    /// <param name="engine">The model.</param>
    /// <param name="configured">Wanted context; 0 = what the model was trained for.</param>
    public static ServedModel Create(LoadedModel engine, int configured)
    {
        int trained = engine.Model.Description.ContextLength;
        return new ServedModel(engine, configured > 0 ? Math.Min(configured, trained) : trained);
    }
}
