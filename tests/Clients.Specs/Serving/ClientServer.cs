using System.Text.RegularExpressions;
using Ds4Provider.Engine;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging;

namespace Clients.Specs.Serving;

/// <summary>The real server on a real port with a key, as <c>ds4 serve</c> opens it.</summary>
internal sealed partial class ClientServer : IAsyncDisposable
{
    public const string Model = "deepseek-v4-flash";
    public const string Key = "key-of-this-run";

    // Far more often than in the product: the model of these specifications reads for a second at most.
    private static readonly TimeSpan KeepAlive = TimeSpan.FromMilliseconds(30);

    private readonly LifeLine input = new();
    private readonly EventLog output = new();
    private readonly ServerLog log = new(LogLevel.Information);
    private Task<int> exit = Task.FromResult(0);
    private readonly HttpClient http = new();

    private ClientServer()
    {
    }

    /// <summary>Address without a path.</summary>
    public Uri Address => http.BaseAddress!;

    /// <summary>What the server logged.</summary>
    public string Log => log.ToString();

    /// <param name="model">The model.</param>
    /// <param name="socket">Path of the server's own socket, which it cannot be without.</param>
    public static async Task<ClientServer> StartAsync(ILanguageModel model, string socket)
    {
        var server = new ClientServer();
        server.input.Write(ServerProtocol.Write(new ServerConfiguration(socket, "libds4.so", Model, "model.gguf", 0)));
        server.exit = ModelServer.RunAsync(server.input, server.output, new ServerDependencies
        {
            OpenModel = _ => new LoadedModel(model),
            Limits = new ServerLimits { KeepAlive = KeepAlive },
            LoggerFactory = server.log,
        }, CancellationToken.None);
        await server.output.WaitForAsync<ServerReady>();
        server.input.Write(ServerProtocol.Write(new ServerCommand(new TcpListenerConfiguration("127.0.0.1", 0, Key))));
        server.http.BaseAddress = new Uri((await server.output.WaitForAsync<ServerListening>()).Address);
        server.http.DefaultRequestHeaders.Add("x-api-key", Key);
        return server;
    }

    /// <summary>How often each route was answered with each status.</summary>
    public async Task<IReadOnlyList<Answers>> AnswersAsync(CancellationToken cancellationToken)
    {
        string metrics = await http.GetStringAsync("/metrics", cancellationToken);
        return [.. AnsweredRequests.Matches(metrics).Select(m =>
            new Answers(m.Groups[1].Value, int.Parse(m.Groups[2].ValueSpan), int.Parse(m.Groups[3].ValueSpan)))];
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        input.End();
        await exit.WaitAsync(TimeSpan.FromSeconds(30));
        input.Dispose();
        await output.DisposeAsync();
        log.Dispose();
    }

    [GeneratedRegex("""^ds4_http_requests_total\{route="([^"]*)",status="(\d+)"\} (\d+)""", RegexOptions.Multiline)]
    private static partial Regex AnsweredRequests { get; }
}

/// <summary>Answered requests.</summary>
/// <param name="Route">Pattern of the route.</param>
/// <param name="Status">Their status.</param>
/// <param name="Count">How many there were.</param>
internal sealed record Answers(string Route, int Status, int Count);
