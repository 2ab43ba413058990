using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent.Hosting;

/// <summary>Ends what an extension owns and runs.</summary>
internal sealed partial class ExtensionLifetime : IExtensionLifetime, IDisposable
{
    private readonly string extensionId;
    private readonly Task sessionStarted;
    private readonly ILogger logger;
    private readonly Lock gate = new();
    private readonly CancellationTokenSource stopping = new();
    private readonly Stack<IAsyncDisposable> owned = new();
    private readonly List<Task> work = [];

    public ExtensionLifetime(string extensionId, Task sessionStarted, ILogger logger)
    {
        this.extensionId = extensionId;
        this.sessionStarted = sessionStarted;
        this.logger = logger;
        Stopping = stopping.Token;
    }

    // Kept, because the source is gone when a late reader asks.
    public CancellationToken Stopping { get; }

    public void Own(IAsyncDisposable resource)
    {
        ArgumentNullException.ThrowIfNull(resource);
        ThrowIfStopping();
        lock (gate)
            owned.Push(resource);
    }

    public void Run(Func<CancellationToken, Task> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        ThrowIfStopping();
        lock (gate)
            this.work.Add(Task.Run(() => RunAsync(work)));
    }

    public void Dispose() => stopping.Dispose();

    /// <summary>Stops everything, waiting no longer than given.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await stopping.CancelAsync();
        Task end = EndAsync();
        if (await Task.WhenAny(end, Task.Delay(limit)) != end)
            EndTooSlow(extensionId, limit.TotalSeconds);
    }

    private async Task EndAsync()
    {
        Task[] running;
        IAsyncDisposable[] resources;
        lock (gate)
        {
            running = [.. work];
            resources = [.. owned];
            owned.Clear();
        }
        await Task.WhenAll(running);
        foreach (IAsyncDisposable resource in resources)
            await DisposeAsync(resource);
    }

    private async Task DisposeAsync(IAsyncDisposable resource)
    {
        try
        {
            await resource.DisposeAsync();
        }
        // The other resources still have to end.
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            EndFailed(extensionId, exception);
        }
    }

    private async Task RunAsync(Func<CancellationToken, Task> work)
    {
        try
        {
            await sessionStarted.WaitAsync(Stopping);
            await work(Stopping);
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // Background work ends this way.
        }
        catch (Exception exception) when (exception is not OutOfMemoryException)
        {
            WorkFailed(extensionId, exception);
        }
    }

    private void ThrowIfStopping()
    {
        if (Stopping.IsCancellationRequested)
            throw new ExtensionUnloadedException(extensionId);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Background work of the extension '{Extension}' failed")]
    private partial void WorkFailed(string extension, Exception exception);

    [LoggerMessage(Level = LogLevel.Error, Message = "The extension '{Extension}' failed to end something")]
    private partial void EndFailed(string extension, Exception exception);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The extension '{Extension}' did not end within {Seconds} s")]
    private partial void EndTooSlow(string extension, double seconds);
}
