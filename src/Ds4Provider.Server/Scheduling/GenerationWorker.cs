using Ds4Provider.Engine;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Replay;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Scheduling;

/// <summary>
/// The thread that owns the model: loads it, then runs the queued jobs one by one. Calls into the engine block for
/// seconds, so they have a thread of their own and never one of the pool.
/// </summary>
internal sealed partial class GenerationWorker : IDisposable
{
    private readonly ServerConfiguration configuration;
    private readonly ServerDependencies dependencies;
    private readonly RequestQueue queue;
    private readonly SampledTurnStore turns;
    private readonly WorkMeter meter;
    private readonly ILogger<GenerationWorker> logger;
    private readonly TaskCompletionSource<ServedModel> loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource stopping = new();
    private volatile GenerationJob? running;

    public GenerationWorker(
        ServerConfiguration configuration, ServerDependencies dependencies, RequestQueue queue, SampledTurnStore turns, WorkMeter meter)
    {
        this.configuration = configuration;
        this.dependencies = dependencies;
        this.queue = queue;
        this.turns = turns;
        this.meter = meter;
        logger = dependencies.LoggerFactory.CreateLogger<GenerationWorker>();
        // Nobody may be waiting for the model when it fails to load.
        _ = loaded.Task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
    }

    /// <summary>The model, or why it could not be loaded.</summary>
    public Task<ServedModel> Loaded => loaded.Task;

    public void Start() => new Thread(Run) { IsBackground = true, Name = "ds4 engine" }.Start();

    /// <summary>Lets the running job go on for <paramref name="drain"/>, then cancels it; ends when the model is closed.</summary>
    public async Task StopAsync(TimeSpan drain)
    {
        queue.Close();
        if (await EndsWithinAsync(drain).ConfigureAwait(false))
            return;
        await stopping.CancelAsync().ConfigureAwait(false);
        // The client is told now; the engine may be in the middle of a long tile.
        running?.Fail(ApiException.Stopping());
        // A tile or a load takes its time; when even this is not enough, the process ends with the thread in the engine.
        if (!await EndsWithinAsync(drain).ConfigureAwait(false))
            LogStuck();
    }

    public void Dispose() => stopping.Dispose();

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
            using var session = new LiveSession(engine.Model, model.ContextWindow);
            var generator = new ReplyGenerator(
                engine, session, turns, meter, dependencies.Time, dependencies.LoggerFactory.CreateLogger<ReplyGenerator>());
            loaded.SetResult(model);
            while (queue.Take() is { } job)
                Run(generator, job);
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

    private void Run(ReplyGenerator generator, GenerationJob job)
    {
        running = job;
        try
        {
            using var cancel = CancellationTokenSource.CreateLinkedTokenSource(job.CancellationToken, stopping.Token);
            generator.Run(job, cancel.Token);
        }
        catch (OperationCanceledException cancelled)
        {
            bool clientLeft = job.CancellationToken.IsCancellationRequested;
            LogCancelled(job.Id, clientLeft ? "its client left" : "the server stops");
            job.Fail(clientLeft ? cancelled : ApiException.Stopping());
        }
        catch (Exception failure)
        {
            LogFailed(failure, job.Id);
            job.Fail(ApiException.Failed($"The engine failed: {failure.Message}", "engine_failure"));
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Id}: cancelled, {Reason}")]
    private partial void LogCancelled(string id, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "{Id}: failed")]
    private partial void LogFailed(Exception exception, string id);

    [LoggerMessage(Level = LogLevel.Error, Message = "The model could not be loaded")]
    private partial void LogNotLoaded(Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The engine did not come back in time; ending without it")]
    private partial void LogStuck();
}
