using Microsoft.Extensions.Logging;

namespace Benchmarks.Traces;

/// <summary>Counts the replies of which the server's log says that they ended, in whatever way. Thread-safe.</summary>
internal sealed class ReplyLog : ILoggerFactory, ILogger
{
    private static readonly string[] Ends = ["LogDone", "LogCancelled", "LogFailed"];

    private readonly SemaphoreSlim more = new(0);
    private int count;

    /// <summary>Waits for so many in all.</summary>
    public async Task ReachAsync(int wanted, TimeSpan patience)
    {
        while (Volatile.Read(ref count) < wanted)
        {
            if (!await more.WaitAsync(patience))
                throw new TimeoutException("The server did not end a reply whose client left.");
        }
    }

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!Ends.Contains(eventId.Name))
            return;
        Interlocked.Increment(ref count);
        more.Release();
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException("Only counts.");

    public void Dispose() => more.Dispose();
}
