using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Keeps what the server logs. Thread-safe.</summary>
/// <param name="level">The least level that is kept.</param>
internal sealed class ServerLog(LogLevel level) : ILoggerFactory, ILogger
{
    private readonly ConcurrentQueue<string> lines = new();

    public IReadOnlyCollection<string> Lines => lines;

    public ILogger CreateLogger(string categoryName) => this;

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public bool IsEnabled(LogLevel logLevel) => logLevel >= level;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
            lines.Enqueue($"{formatter(state, exception)} {exception}");
    }

    public override string ToString() => string.Join('\n', lines);

    public void Dispose()
    {
    }
}
