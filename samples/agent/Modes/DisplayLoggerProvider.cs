using Agent.Terminal;
using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent.Modes;

/// <summary>Shows what extensions log among everything else.</summary>
internal sealed class DisplayLoggerProvider(IAgentDisplay display) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new DisplayLogger(display, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        // The display belongs to somebody else.
    }

    private sealed class DisplayLogger(IAgentDisplay display, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            string cause = exception is null ? "" : $": {exception.Message}";
            display.Notify($"{category}: {formatter(state, exception)}{cause}", logLevel switch
            {
                >= LogLevel.Error => Severity.Error,
                LogLevel.Warning => Severity.Warning,
                _ => Severity.Information,
            });
        }
    }
}
