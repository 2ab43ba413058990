using Ds4Provider.Engine;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Replay;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>What of conversations outlives the server, in the folder of one model: the states of sessions and the sampled turns.</summary>
internal sealed partial class KeptConversations : IDisposable
{
    private const string TurnsName = "turns.log";

    private readonly StateFolder folder;

    private KeptConversations(StateFolder folder, SampledTurnLog turns, CheckpointStore states)
    {
        this.folder = folder;
        Turns = turns;
        States = states;
    }

    public SampledTurnLog Turns { get; }

    public CheckpointStore States { get; }

    /// <summary>Opens what earlier servers left. Null, and a line in the log, when that cannot be: the server does without.</summary>
    /// <param name="root">Where each model has its folder; null = nothing is kept.</param>
    /// <param name="model">The model.</param>
    /// <param name="memory">States in memory.</param>
    /// <param name="turns">Gets the turns of earlier servers.</param>
    /// <param name="dependencies">Clock and log.</param>
    public static KeptConversations? TryOpen(
        string? root, ILanguageModel model, CheckpointIndex memory, SampledTurnStore turns, ServerDependencies dependencies)
    {
        if (root is null)
            return null;
        ILogger logger = dependencies.LoggerFactory.CreateLogger<KeptConversations>();
        StateFolder? folder = null;
        SampledTurnLog? log = null;
        try
        {
            folder = StateFolder.TryOpen(root, model.Description.Fingerprint, logger);
            if (folder is null)
            {
                LogInUse(logger, root);
                return null;
            }
            log = SampledTurnLog.Open(folder.PathOf(TurnsName), turns, logger);
            var states = new CheckpointStore(folder, model, memory, dependencies.Time, dependencies.LoggerFactory.CreateLogger<CheckpointStore>());
            return new KeptConversations(folder, log, states);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogUnusable(logger, failure, root);
            log?.Dispose();
            folder?.Dispose();
            return null;
        }
    }

    /// <summary>Writes what waits, as long as there is time.</summary>
    public void Dispose()
    {
        States.Dispose();
        Turns.Dispose();
        // A write that takes too long keeps the folder until the process ends: nobody else may write there meanwhile.
        if (States.HasEnded)
            folder.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Another server keeps its conversations in {Folder}; this one keeps none on the disk")]
    private static partial void LogInUse(ILogger logger, string folder);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No conversations can be kept in {Folder}; after a restart they are evaluated again")]
    private static partial void LogUnusable(ILogger logger, Exception exception, string folder);
}
