using System.Reflection;
using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent.Hosting;

/// <summary>An extension from its activation to its unloading.</summary>
internal sealed class LoadedExtension : IAsyncDisposable
{
    private static readonly TimeSpan ActivationLimit = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan EndLimit = TimeSpan.FromSeconds(5);

    private readonly ExtensionLoadContext loadContext;
    private readonly ExtensionLifetime lifetime;
    private readonly ExtensionApi api;

    private LoadedExtension(ExtensionManifest manifest, int position, ExtensionServices services, Task sessionStarted)
    {
        Manifest = manifest;
        loadContext = new ExtensionLoadContext(manifest.AssemblyPath);
        lifetime = new ExtensionLifetime(manifest.Id, sessionStarted, services.Logging.CreateLogger<ExtensionLifetime>());
        api = new ExtensionApi(manifest, position, services, lifetime);
    }

    public ExtensionManifest Manifest { get; }

    /// <summary>Loads and activates an extension. When that fails, nothing of it stays.</summary>
    /// <exception cref="ExtensionLoadException">It failed.</exception>
    public static async Task<LoadedExtension> LoadAsync(
        ExtensionManifest manifest, int position, ExtensionServices services, Task sessionStarted, CancellationToken cancellationToken)
    {
        manifest.RequireSupportedContract();
        LoadedExtension extension = new(manifest, position, services, sessionStarted);
        try
        {
            await extension.ActivateAsync(cancellationToken);
            return extension;
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            await extension.DisposeAsync();
            cancellationToken.ThrowIfCancellationRequested();
            throw exception as ExtensionLoadException
                ?? new ExtensionLoadException($"{manifest.AssemblyPath}: the extension '{manifest.Id}' failed to start: {exception.Message}", exception);
        }
    }

    public async ValueTask DisposeAsync()
    {
        api.Revoke();
        await lifetime.StopAsync(EndLimit);
        lifetime.Dispose();
        // The memory goes when nothing refers to it any more; routing has stopped already.
        loadContext.Unload();
    }

    private async Task ActivateAsync(CancellationToken cancellationToken)
    {
        IAgentExtension extension = Create();
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(ActivationLimit);
        await extension.ActivateAsync(api, limit.Token).AsTask().WaitAsync(limit.Token);
        api.Commit();
    }

    private IAgentExtension Create()
    {
        Assembly assembly = loadContext.LoadFromAssemblyPath(Manifest.AssemblyPath);
        Type type = assembly.GetType(Manifest.TypeName, throwOnError: true)!;
        try
        {
            return Activator.CreateInstance(type) as IAgentExtension
                ?? throw new ExtensionLoadException($"{Manifest.AssemblyPath}: {Manifest.TypeName} does not implement {nameof(IAgentExtension)}.");
        }
        catch (TargetInvocationException exception) when (exception.InnerException is { } inner)
        {
            throw new ExtensionLoadException($"{Manifest.AssemblyPath}: the constructor of {Manifest.TypeName} failed: {inner.Message}", inner);
        }
    }
}
