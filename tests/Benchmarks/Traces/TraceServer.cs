using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Engine;
using Ds4Provider.Server.Hosting;
using Ds4Provider.Wire.Server;

namespace Benchmarks.Traces;

/// <summary>The real server in this process, on a real socket, over a model that is played; it can be started again.</summary>
internal sealed class TraceServer : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly DirectoryInfo directory = Directory.CreateTempSubdirectory("ds4t-");
    private readonly ILanguageModel model;
    private readonly ServerLimits limits;
    private readonly TimeProvider time;
    private readonly ReplyLog replies = new();
    private BlockingCollection<string> input = [];
    private Task<int> exit = Task.FromResult(0);

    private readonly bool keeps;

    private TraceServer(ILanguageModel model, ServerLimits limits, TimeProvider time, bool keeps)
    {
        this.keeps = keeps;
        this.time = time;
        this.model = model;
        this.limits = limits;
        Http = new HttpClient(new SocketsHttpHandler { ConnectCallback = ConnectAsync, UseProxy = false })
        {
            BaseAddress = new Uri("http://localhost"),
            Timeout = Patience,
        };
    }

    /// <summary>Connects to the server that runs.</summary>
    public HttpClient Http { get; }

    private string Socket => Path.Combine(directory.FullName, "s");

    /// <summary>Starts a server.</summary>
    /// <param name="model">The model.</param>
    /// <param name="limits">Bounds.</param>
    /// <param name="time">Clock.</param>
    /// <param name="keeps">
    /// Whether it keeps conversations on the disk. When its writer comes to a state depends on the machine, so figures
    /// are the same everywhere only without it, or when every request meets a server that has just begun.
    /// </param>
    public static async Task<TraceServer> StartAsync(ILanguageModel model, ServerLimits limits, TimeProvider time, bool keeps = false)
    {
        var server = new TraceServer(model, limits, time, keeps);
        await server.LaunchAsync();
        return server;
    }

    /// <summary>Ends the server in an orderly way and starts it in the same place.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await LaunchAsync();
    }

    /// <summary>Answers a request.</summary>
    public async Task<JsonNode> PostAsync(TraceRequest request, CancellationToken cancellationToken)
    {
        using var message = new HttpRequestMessage(HttpMethod.Post, request.Wire.Path)
        {
            Content = new StringContent(request.Wire.Write(request).ToJsonString(), Encoding.UTF8, "application/json"),
        };
        foreach ((string name, string value) in request.Headers)
            message.Headers.TryAddWithoutValidation(name, value);
        using HttpResponseMessage response = await Http.SendAsync(message, cancellationToken);
        string body = await response.Content.ReadAsStringAsync(cancellationToken);
        return response.IsSuccessStatusCode
            ? JsonNode.Parse(body)!
            : throw new InvalidOperationException($"{request.Wire.Path} was answered with {response.StatusCode}: {body}");
    }

    /// <summary>Waits until the server knows that the client has left.</summary>
    public async Task KnowsThatClientLeftAsync()
    {
        using var deadline = new CancellationTokenSource(Interruption.Patience);
        while ((await Http.GetFromJsonNodeAsync("/health", deadline.Token))["active_requests"]!.GetValue<int>() > 0)
            await Task.Delay(1, deadline.Token);
    }

    /// <summary>Waits until so many replies have ended, those included whose client left.</summary>
    public Task HasEndedAsync(int count) => replies.ReachAsync(count, Interruption.Patience);

    /// <summary>Prompt tokens evaluated since this server was started, as it tells.</summary>
    public async Task<long> PrefilledAsync()
    {
        const string Name = "ds4_prefilled_tokens_total ";
        string metrics = await Http.GetStringAsync("/metrics");
        string line = metrics.Split('\n').Single(line => line.StartsWith(Name, StringComparison.Ordinal));
        return long.Parse(line[Name.Length..], CultureInfo.InvariantCulture);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await StopAsync();
        replies.Dispose();
        directory.Delete(recursive: true);
    }

    private async Task LaunchAsync()
    {
        input = [ServerProtocol.Write(new ServerConfiguration(Socket, "libds4.so", "demo", "demo.gguf", 0)
        {
            CheckpointFolder = keeps ? Path.Combine(directory.FullName, "checkpoints") : null,
        })];
        var output = new ReadinessWriter();
        exit = ModelServer.RunAsync(new LineReader(input), output, new ServerDependencies
        {
            OpenModel = _ => new LoadedModel(model),
            Limits = limits,
            Time = time,
            LoggerFactory = replies,
        });
        await output.Ready.WaitAsync(Patience);
    }

    private async Task StopAsync()
    {
        input.CompleteAdding();
        await exit.WaitAsync(Patience);
        input.Dispose();
    }

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(Socket), cancellationToken);
        return new NetworkStream(socket, ownsSocket: true);
    }

    private sealed class LineReader(BlockingCollection<string> lines) : TextReader
    {
        public override string? ReadLine() => lines.TryTake(out string? line, Timeout.Infinite) ? line : null;
    }

    private sealed class ReadinessWriter : TextWriter
    {
        private readonly TaskCompletionSource ready = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public override Encoding Encoding => Encoding.UTF8;

        public Task Ready => ready.Task;

        /// <summary>The server writes an event at a time.</summary>
        public override void Write(string? value)
        {
            switch (ServerProtocol.ReadEvent(value?.TrimEnd() ?? ""))
            {
                case ServerReady:
                    ready.TrySetResult();
                    break;
                case ServerFailed failed:
                    ready.TrySetException(new InvalidOperationException(failed.Message));
                    break;
            }
        }
    }
}
