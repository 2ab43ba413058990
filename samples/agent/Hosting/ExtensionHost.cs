using AgentHost;

namespace Agent.Hosting;

/// <summary>The loaded extensions and what they have registered.</summary>
internal sealed class ExtensionHost(ExtensionServices services) : IAsyncDisposable
{
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(5);

    private readonly List<LoadedExtension> extensions = [];
    private readonly TaskCompletionSource sessionStarted = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ExtensionServices Services { get; } = services;

    public IReadOnlyList<LoadedExtension> Extensions => extensions;

    public bool IsLoaded(string id) => extensions.Exists(extension => extension.Manifest.Id == id);

    /// <summary>Loads the extension at a path.</summary>
    /// <exception cref="ExtensionLoadException">It cannot be loaded; the others stay.</exception>
    public async Task LoadAsync(string path, CancellationToken cancellationToken)
    {
        ExtensionManifest manifest = ExtensionLocator.Find(path);
        if (extensions.Find(other => other.Manifest.Id == manifest.Id) is { } loaded)
        {
            throw new ExtensionLoadException(
                $"{manifest.AssemblyPath}: an extension '{manifest.Id}' is already loaded from {loaded.Manifest.AssemblyPath}.");
        }
        extensions.Add(await LoadedExtension.LoadAsync(manifest, extensions.Count, Services, sessionStarted.Task, cancellationToken));
    }

    public async Task StartSessionAsync(SessionStartReason reason, IExtensionContext context, CancellationToken cancellationToken)
    {
        sessionStarted.TrySetResult();
        await Services.Events.RaiseAsync(new SessionStarted(reason), context, cancellationToken);
    }

    public async Task StopSessionAsync(SessionStopReason reason, IExtensionContext context)
    {
        using CancellationTokenSource limit = new(StopLimit);
        try
        {
            await Services.Events.RaiseAsync(new SessionStopping(reason), context, limit.Token).WaitAsync(limit.Token);
        }
        catch (OperationCanceledException)
        {
            // A handler that takes longer does not keep the agent from leaving.
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (LoadedExtension extension in Enumerable.Reverse(extensions))
            await extension.DisposeAsync();
        extensions.Clear();
    }
}
