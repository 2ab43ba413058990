using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Engine;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>A real server on a real Unix socket, with a scripted model.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    public const string ChatPath = "/v1/chat/completions";
    public const string MessagesPath = "/v1/messages";
    public const string ResponsesPath = "/v1/responses";

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ds4s-");
    private readonly LifeLine input = new();
    private readonly CancellationTokenSource signal = new();

    private TestServer(ScriptedModel model) => Model = model;

    public ScriptedModel Model { get; }

    public EventLog Output { get; } = new();

    public string Socket => Path.Combine(directory.FullName, "s.sock");

    public Task<int> Exit { get; private set; } = Task.FromResult(0);

    public HttpClient Http { get; private set; } = new();

    /// <summary>Starts a server and waits until it is ready.</summary>
    public static async Task<TestServer> StartAsync(ScriptedModel model, ServerLimits? limits = null, TimeProvider? time = null)
    {
        TestServer server = Launch(model, limits, time);
        await server.Output.WaitForAsync<ServerReady>();
        return server;
    }

    /// <summary>Starts a server and does not wait.</summary>
    public static TestServer Launch(
        ScriptedModel model, ServerLimits? limits = null, TimeProvider? time = null, Func<LoadedModel>? open = null, string? firstLine = null,
        ILoggerFactory? log = null, string? checkpoints = null)
    {
        var server = new TestServer(model);
        limits ??= new ServerLimits();
        // One reply at a time unless a specification wants more, so that what waits and what runs is certain.
        limits = limits with { Slots = Math.Max(1, limits.Slots) };
        server.input.Write(firstLine ?? ServerProtocol.Write(
            new ServerConfiguration(server.Socket, "libds4.so", "demo", "demo.gguf", 0) 
            {
                DisplayName = "Demo", CheckpointFolder = checkpoints,
            }));
        server.Exit = ModelServer.RunAsync(server.input, server.Output, new ServerDependencies
        {
            OpenModel = _ => open?.Invoke() ?? new LoadedModel(model),
            Limits = limits,
            Time = time ?? TimeProvider.System,
            LoggerFactory = log ?? NullLoggerFactory.Instance,
        }, server.signal.Token);
        server.Http = server.Connect();
        return server;
    }

    public void Command(ServerCommand command) => input.Write(ServerProtocol.Write(command));

    public void CommandLine(string line) => input.Write(line);

    /// <summary>What the watchdog does to stop the server.</summary>
    public void EndInput() => input.End();

    /// <summary>What SIGTERM does.</summary>
    public void Signal() => signal.Cancel();

    public HttpClient Connect() => new(new SocketsHttpHandler
    {
        ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        },
        UseProxy = false,
        // A client that leaves a stream does not read on for the two seconds of the default.
        ResponseDrainTimeout = TimeSpan.Zero,
    })
    {
        BaseAddress = new Uri("http://localhost"),
        Timeout = TimeSpan.FromSeconds(30),
    };

    public Task<HttpResponseMessage> PostAsync(
        string json, bool progress = false, string path = ChatPath, CancellationToken cancellationToken = default) =>
        SendAsync(Http, json, progress, path, cancellationToken);

    /// <summary>The body of a reply that is not streamed.</summary>
    public async Task<JsonNode> ReplyAsync(string json, string path = ChatPath)
    {
        using HttpResponseMessage response = await PostAsync(json, path: path);
        string body = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, body);
        return JsonNode.Parse(body)!;
    }

    /// <summary>The events of a streamed reply.</summary>
    public async Task<EventReader> StreamAsync(string json, bool progress = false, string path = ChatPath)
    {
        HttpResponseMessage response = await PostAsync(json, progress, path);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        return new EventReader(response);
    }

    public static async Task<HttpResponseMessage> SendAsync(
        HttpClient client, string json, bool progress = false, string path = ChatPath, CancellationToken cancellationToken = default)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = new StringContent(json, Encoding.UTF8, "application/json"),
        };
        if (progress)
            request.Headers.Add("X-Ds4-Progress", "1");
        return await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        input.End();
        await Exit.WaitAsync(TimeSpan.FromSeconds(30));
        input.Dispose();
        await Output.DisposeAsync();
        signal.Dispose();
        directory.Delete(recursive: true);
    }
}
