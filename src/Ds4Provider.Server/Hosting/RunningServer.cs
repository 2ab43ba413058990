using System.Text.Json;
using Ds4Provider.Server.Access;
using Ds4Provider.Server.Catalog;
using Ds4Provider.Server.Chat;
using Ds4Provider.Server.Completions;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Messages;
using Ds4Provider.Server.Metrics;
using Ds4Provider.Server.Replay;
using Ds4Provider.Server.Requests;
using Ds4Provider.Server.Responses;
using Ds4Provider.Server.Scheduling;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Streaming;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Hosting;

/// <summary>The parts of one server, put together. Used by one task only.</summary>
internal sealed partial class RunningServer : IAsyncDisposable
{
    private readonly ServerDependencies dependencies;
    private readonly Admission admission;
    private readonly RequestQueue queue = new();
    private readonly GenerationWorker worker;
    private readonly Endpoints endpoints;
    private readonly TcpListeners tcp;
    private readonly WorkHeartbeat heartbeat;
    private readonly CancellationTokenSource stopped = new();
    private readonly ILogger<RunningServer> logger;
    private Listener? unix;
    private Task heartbeats = Task.CompletedTask;
    private bool loads;

    public RunningServer(ServerConfiguration configuration, ServerDependencies dependencies, ServerEventWriter events)
    {
        Configuration = configuration;
        this.dependencies = dependencies;
        ServerLimits limits = dependencies.Limits;
        logger = dependencies.LoggerFactory.CreateLogger<RunningServer>();
        var turns = new SampledTurnStore(limits.SampledTurns, limits.SampledTokens);
        var meter = new WorkMeter();
        admission = new Admission(limits.QueuedRequests);
        var reuse = new ReuseMeter();
        worker = new GenerationWorker(configuration, dependencies, queue, turns, meter, reuse);
        heartbeat = new WorkHeartbeat(events, admission, meter, reuse, worker);
        var jobs = new GenerationJobs(turns, dependencies.LoggerFactory.CreateLogger<GenerationJobs>());
        var metrics = new ServerMetrics();
        endpoints = new Endpoints(
            metrics,
            new ModelsEndpoint(configuration, worker, dependencies.Time),
            new HealthEndpoint(configuration.ModelId, worker, admission),
            new MetricsEndpoint(metrics, admission, worker, meter, reuse, dependencies.Time),
            new CountTokensEndpoint(configuration, dependencies, admission, worker, jobs))
        {
            Chat = Serve(new ChatApi(configuration, dependencies.Time)),
            Completions = Serve(new CompletionsApi(configuration, dependencies.Time)),
            Messages = Serve(new MessagesApi(configuration)),
            Responses = Serve(new ResponsesApi(configuration, dependencies.Time)),
        };
        tcp = new TcpListeners(endpoints, dependencies);

        ReplyEndpoint Serve(IReplyApi api) => new(api, dependencies, admission, worker, queue, jobs, metrics);
    }

    public ServerConfiguration Configuration { get; }

    /// <summary>The model, or why it could not be loaded.</summary>
    public Task<ServedModel> Loaded => worker.Loaded;

    /// <summary>Opens the Unix socket; requests wait there for the model.</summary>
    public async Task BindAsync(CancellationToken cancellationToken)
    {
        UnixSocketPath.Clear(Configuration.Socket);
        unix = await Listener
            .StartAsync(Configuration.Socket, AccessPolicy.UnixSocket, endpoints, dependencies, cancellationToken).ConfigureAwait(false);
        heartbeats = heartbeat.RunAsync(dependencies.Time, dependencies.Limits.Heartbeat, stopped.Token);
    }

    /// <summary>Starts to load the model.</summary>
    public void Load()
    {
        loads = true;
        worker.Start();
    }

    /// <summary>Obeys a line of input.</summary>
    /// <returns>The answer, or null when there is nothing to say.</returns>
    public async Task<ServerEvent?> ObeyAsync(string line, CancellationToken cancellationToken)
    {
        try
        {
            ServerCommand command = ServerProtocol.ReadCommand(line);
            if (command.Close is { } address)
                await tcp.CloseAsync(address).ConfigureAwait(false);
            return command.Listen is { } listen ? await tcp.OpenAsync(listen, cancellationToken).ConfigureAwait(false) : null;
        }
        catch (JsonException malformed)
        {
            LogNotUnderstood(malformed);
            return null;
        }
    }

    /// <summary>Refuses new requests, lets the running one end or ends it, tells the clients, closes the model.</summary>
    public async Task StopAsync()
    {
        LogStopping(admission.Active);
        admission.Close();
        TimeSpan drain = dependencies.Limits.Drain;
        // Twice the drain for the worker, the rest for the last events to reach slow clients.
        using var deadline = new CancellationTokenSource(3 * drain, dependencies.Time);
        Task listeners = Task.WhenAll(unix?.StopAsync(deadline.Token) ?? Task.CompletedTask, tcp.StopAsync(deadline.Token));
        if (loads)
            await worker.StopAsync(drain).ConfigureAwait(false);
        await listeners.ConfigureAwait(false);
        await stopped.CancelAsync().ConfigureAwait(false);
        await heartbeats.ConfigureAwait(false);
        File.Delete(Configuration.Socket);
    }

    public async ValueTask DisposeAsync()
    {
        await tcp.DisposeAsync().ConfigureAwait(false);
        if (unix is not null)
            await unix.DisposeAsync().ConfigureAwait(false);
        worker.Dispose();
        stopped.Dispose();
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Stopping with {Active} requests")]
    private partial void LogStopping(int active);

    [LoggerMessage(Level = LogLevel.Warning, Message = "A line of standard input is not a command")]
    private partial void LogNotUnderstood(JsonException exception);
}
