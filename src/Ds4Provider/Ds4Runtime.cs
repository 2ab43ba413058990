using System.Collections.Concurrent;
using Ds4Provider.Chat;
using Ds4Provider.Lease;
using Ds4Provider.Wire.Payload;
using Ds4Provider.Wire.Watchdog;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider;

/// <summary>
/// The way to the models for a program without dependency injection:
/// <code>await using var ds4 = await Ds4Runtime.StartAsync(progress, cancellationToken);</code>
/// </summary>
public sealed class Ds4Runtime : IDs4Runtime, IAsyncDisposable, IDisposable
{
    private readonly IServerLocator _locator;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, ServerEndpoint> _known = new();
    private readonly string _defaultModel;

    internal Ds4Runtime(IServerLocator locator, TimeProvider time, string defaultModel = Ds4Model.FlashId)
    {
        _locator = locator;
        _time = time;
        _defaultModel = defaultModel;
    }

    /// <inheritdoc/>
    public IReadOnlyList<Ds4Model> Models => [.. Ds4Model.All.Select(Describe)];

    // Which overload is meant shows in the first argument, a string or not: options may still be added to either.
#pragma warning disable RS0026
    /// <summary>Makes DeepSeek V4 Flash ready.</summary>
    /// <param name="progress">Receives every step, on a thread of the library.</param>
    /// <param name="cancellationToken">Ends the wait in every phase.</param>
    /// <exception cref="Ds4UnavailableException">The model cannot be made ready; says why and what to do.</exception>
    public static Task<Ds4Runtime> StartAsync(IProgress<Ds4Progress>? progress = null, CancellationToken cancellationToken = default) =>
        StartAsync(Ds4Model.FlashId, progress, cancellationToken);

    /// <summary>Makes a model ready.</summary>
    /// <param name="model">A model's id, e.g. <see cref="Ds4Model.DemoId"/>.</param>
    /// <param name="progress">Receives every step, on a thread of the library.</param>
    /// <param name="cancellationToken">Ends the wait in every phase.</param>
    /// <exception cref="Ds4UnavailableException">The model cannot be made ready; says why and what to do.</exception>
    public static async Task<Ds4Runtime> StartAsync(
        string model, IProgress<Ds4Progress>? progress = null, CancellationToken cancellationToken = default)
    {
        Ds4Runtime runtime = Create(null, model);
        try
        {
            await runtime.PrepareAsync(model, progress, cancellationToken).ConfigureAwait(false);
            return runtime;
        }
        catch
        {
            await runtime.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
#pragma warning restore RS0026

    /// <inheritdoc/>
    public ValueTask<Ds4Model> PrepareAsync(string model, IProgress<Ds4Progress>? progress = null, CancellationToken cancellationToken = default) =>
        PrepareAsync(model, new Preparation(progress), cancellationToken);

    /// <summary>Creates a client for the model that this runtime was started with.</summary>
    public IChatClient CreateChatClient() => CreateChatClient(_defaultModel);

    /// <inheritdoc/>
    public IChatClient CreateChatClient(string model)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        return new Ds4ChatClient(_locator, this, model, (_locator as AttachedServer)?.Address, _time);
    }

    /// <summary>Gives the lease back. The model goes on for other programs, or for a minute in case this one comes back.</summary>
    public ValueTask DisposeAsync() => _locator.DisposeAsync();

    /// <inheritdoc cref="DisposeAsync"/>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    /// <summary>Creates the runtime of this process and environment; starts nothing.</summary>
    /// <param name="logging">Where to log.</param>
    /// <param name="defaultModel">The model of <see cref="CreateChatClient()"/>.</param>
    /// <param name="contentDirectory">Where a plugin host keeps our files, when not beside the assembly.</param>
    internal static Ds4Runtime Create(ILoggerFactory? logging, string defaultModel = Ds4Model.FlashId, string? contentDirectory = null) =>
        new(CreateLocator(logging ?? NullLoggerFactory.Instance, contentDirectory), TimeProvider.System, defaultModel);

    internal async ValueTask<Ds4Model> PrepareAsync(string model, Preparation preparation, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(model);
        ServerEndpoint endpoint = await _locator.FindAsync(Ds4Model.WireId(model), preparation, cancellationToken).ConfigureAwait(false);
        _known[Ds4Model.Prefix + endpoint.RequestedModel] = endpoint;
        return Describe(Ds4Model.All.FirstOrDefault(known => Ds4Model.WireId(known.Id) == endpoint.RequestedModel)
            ?? new Ds4Model(Ds4Model.Prefix + endpoint.RequestedModel, endpoint.Model));
    }

    internal ServerCondition Condition => _locator.Condition;

    /// <summary>Something that people should know; raised on a thread of the library.</summary>
    internal event Action<string>? Noticed
    {
        add => _locator.Noticed += value;
        remove => _locator.Noticed -= value;
    }

    internal void LingerOnDispose(TimeSpan duration) => _locator.LingerOnDispose(duration);

    private static IServerLocator CreateLocator(ILoggerFactory logging, string? contentDirectory)
    {
        if (Environment.GetEnvironmentVariable("DS4_BASE_URL") is { Length: > 0 } address)
            return new AttachedServer(address, Environment.GetEnvironmentVariable("DS4_API_KEY"));
        WatchdogPaths paths = WatchdogPaths.FromEnvironment(Environment.GetEnvironmentVariable);
        var installer = new PayloadInstaller(PayloadFolder.Find(contentDirectory), paths.Executables, TimeProvider.System);
        var launcher = new WatchdogLauncher(paths, installer.InstallAsync, Environment.GetEnvironmentVariable, TimeProvider.System);
        string client = AppDomain.CurrentDomain.FriendlyName;
        return new WatchdogLease(
            cancellationToken => launcher.ConnectAsync(client, cancellationToken), logging.CreateLogger<WatchdogLease>());
    }

    private Ds4Model Describe(Ds4Model model) => _known.TryGetValue(model.Id, out ServerEndpoint? endpoint)
        ? model with { ContextWindow = endpoint.ContextWindow, Name = endpoint.DisplayName ?? model.Name }
        : model;
}
