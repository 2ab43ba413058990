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
        using var log = new ServerLog(level);
        await using (TestServer server = TestServer.Launch(
            new ScriptedModel().Replies(new Script().Think(Secret).Say(Secret).Call("read", ("path", Secret))), log: log))
        {
            await server.Output.WaitForAsync<Wire.Server.ServerReady>();
            await server.ReplyAsync(Ask.For(Secret, $$"""{"tools":[{{Ask.Tool}}]}"""));
            foreach (string refused in (string[])[$$"""{"reasoning_effort":"{{Secret}}"}""", $$"""{"model":"{{Secret}}"}"""])
                (await server.PostAsync(Ask.For(Secret, refused))).Dispose();
            (await server.PostAsync($"{Secret}")).Dispose();
            await server.ReplyAsync(Ask.Messages(Secret), TestServer.MessagesPath);
            await server.ReplyAsync(Ask.Messages(Secret), "/v1/messages/count_tokens");
            await server.ReplyAsync(Ask.Responses(Secret), TestServer.ResponsesPath);
            await server.ReplyAsync($$"""{"prompt":"{{Secret}}"}""", "/v1/completions");
            foreach (string path in (string[])[TestServer.MessagesPath, TestServer.ResponsesPath, "/v1/completions"])
                (await server.PostAsync($$"""{"model":"{{Secret}}","input":"{{Secret}}"}""", path: path)).Dispose();
        }

        log.Lines.ShouldContain(line => line.Contains("prompt tokens", StringComparison.Ordinal));
        log.Lines.Any(line => line.Contains(Secret, StringComparison.Ordinal)).ShouldBe(expected);
    }
}
