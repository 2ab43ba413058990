using System.Collections.Concurrent;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Server.Specs;

public sealed class LoggingSpecs
{
    private const string Secret = "my secret plan";

    [Theory(Timeout = 30_000)]
    [InlineData(LogLevel.Debug, false)]
    [InlineData(LogLevel.Trace, true)]
    public async Task What_people_write_is_logged_at_trace_only(LogLevel level, bool expected)
    {
        using var log = new Collector(level);
        await using (TestServer server = TestServer.Launch(
            new ScriptedModel().Replies(new Script().Think(Secret).Say(Secret).Call("read", ("path", Secret))), log: log))
        {
            await server.Output.WaitForAsync<Wire.Server.ServerReady>();
            await server.ReplyAsync(Ask.For(Secret, $$"""{"tools":[{{Ask.Tool}}]}"""));
            foreach (string refused in (string[])[$$"""{"reasoning_effort":"{{Secret}}"}""", $$"""{"model":"{{Secret}}"}"""])
                (await server.PostAsync(Ask.For(Secret, refused))).Dispose();
            (await server.PostAsync($"{Secret}")).Dispose();
        }

        log.Lines.ShouldContain(line => line.Contains("prompt tokens", StringComparison.Ordinal));
        log.Lines.Any(line => line.Contains(Secret, StringComparison.Ordinal)).ShouldBe(expected);
    }

    private sealed class Collector(LogLevel level) : ILoggerFactory, ILogger
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

        public void Dispose()
        {
        }
    }
}
