using Ds4Provider.Engine;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Scheduling;

/// <summary>
/// The thread that owns the model: loads it, then works on the queued jobs. Calls into the engine block for seconds, so
/// they have a thread of their own and never one of the pool.
/// </summary>
internal sealed partial class GenerationWorker : IDisposable
{
    private readonly ServerConfiguration configuration;
    private readonly ServerDependencies dependencies;
    private readonly RequestQueue queue;
    private readonly SampledTurnStore turns;
    private readonly WorkMeter meter;
    private readonly ReuseMeter reuse;
    private readonly ILogger<GenerationWorker> logger;
    private readonly TaskCompletionSource<ServedModel> loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stoppingPrompts = new();
    private readonly CancellationTokenSource stoppingReplies = new();

    public GenerationWorker(
        ServerConfiguration configuration, ServerDependencies dependencies, RequestQueue queue, SampledTurnStore turns, WorkMeter meter,
        ReuseMeter reuse)
    {
        this.configuration = configuration;
        this.dependencies = dependencies;
        this.queue = queue;
        this.turns = turns;
        this.meter = meter;
        this.reuse = reuse;
        logger = dependencies.LoggerFactory.CreateLogger<GenerationWorker>();
        // Nobody may be waiting for the model when it fails to load.
        _ = loaded.Task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
    }

    /// <summary>The model, or why it could not be loaded.</summary>
    public Task<ServedModel> Loaded => loaded.Task;

    /// <summary>Waits for the model.</summary>
    /// <exception cref="ApiException">It could not be loaded.</exception>
    public async Task<ServedModel> ModelAsync()
    {
        try
        {
            return await Loaded.ConfigureAwait(false);
        }
        catch (Exception failure)
        {
            throw ApiException.Unavailable($"The model could not be loaded: {failure.Message}");
        }
    }

    public void Start() => new Thread(Run) { IsBackground = true, Name = "ds4 engine" }.Start();

    /// <summary>
    /// Cancels prompts at once: they would end after the server, and their clients would wait for nothing. Lets replies go on for
    /// <paramref name="drain"/>, then cancels them too; ends when the model is closed.
    /// </summary>
    public async Task StopAsync(TimeSpan drain)
    {
        queue.Close();
        await stoppingPrompts.CancelAsync().ConfigureAwait(false);
        Refuse(queue.Running.Where(job => job.Progress.Phase != GenerationPhase.Generating));
        if (await EndsWithinAsync(drain).ConfigureAwait(false))
            return;
        await stoppingReplies.CancelAsync().ConfigureAwait(false);
        Refuse(queue.Running);
        // A tile or a load takes its time; when even this is not enough, the process ends with the thread in the engine.
        if (!await EndsWithinAsync(drain).ConfigureAwait(false))
            LogStuck();
    }

    public void Dispose()
    {
        stoppingPrompts.Dispose();
        stoppingReplies.Dispose();
    }

    /// <summary>Tells the clients now: the engine may be in the middle of a long tile.</summary>
    private static void Refuse(IEnumerable<GenerationJob> jobs)
    {
        foreach (GenerationJob job in jobs)
            job.Fail(ApiException.Stopping());
    }

    private async Task<bool> EndsWithinAsync(TimeSpan time)
    {
        try
        {
            await ended.Task.WaitAsync(time, dependencies.Time).ConfigureAwait(false);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    private void Run()
    {
        try
        {
            using LoadedModel engine = dependencies.OpenModel(configuration);
            ServedModel model = ServedModel.Create(engine, configuration.ContextWindow);
            using var slots = new SlotTable(engine.Model, model.ContextWindow, Plan(engine.Model, model.ContextWindow), dependencies.Time);
            using var kept = KeptConversations.TryOpen(configuration.CheckpointFolder, engine.Model, slots.Index, turns, dependencies);
            slots.Store = kept?.States;
            var scheduler = new ReplyScheduler(
                engine, slots, queue, turns, meter, reuse, dependencies.Time, dependencies.LoggerFactory.CreateLogger<ReplyScheduler>(),
                new StopTokens(stoppingPrompts.Token, stoppingReplies.Token))
            {
                TurnLog = kept?.Turns,
            };
            loaded.SetResult(model with { Slots = slots.Count, Checkpoints = slots.Index, Store = kept?.States });
            scheduler.Run();
        }
        catch (Exception failure)
        {
            LogNotLoaded(failure);
            loaded.TrySetException(failure);
        }
        finally
        {
            ended.SetResult();
        }
    }

    private MemoryPlan Plan(ILanguageModel model, int contextWindow)
    {
        MemoryPlan plan = MemoryPlan.Choose(
            GC.GetGCMemoryInfo().TotalAvailableMemoryBytes, model.Description.WeightBytes,
            model.EstimateSessionBytes(contextWindow, EngineMode.Fast));
        int slots = dependencies.Limits.Slots > 0 ? dependencies.Limits.Slots : configuration.Slots;
        if (slots > 0)
            plan = plan with { Slots = slots };
        if (dependencies.Limits.StateBytes > 0)
            plan = plan with { StateBytes = dependencies.Limits.StateBytes };
        LogPlan(plan.Slots, plan.StateBytes >> 20);
        return plan;
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Slots} replies at a time; sessions and checkpoints may hold {MiB} MiB")]
    private partial void LogPlan(int slots, long miB);

    [LoggerMessage(Level = LogLevel.Error, Message = "The model could not be loaded")]
    private partial void LogNotLoaded(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The engine did not come back in time; ending without it")]
    private partial void LogStuck();
}
