using System.Net;
using System.Net.Sockets;
using System.Text;
using Clients.Specs.Running;
using CliWrap;

namespace Clients.Specs.Attaching;

/// <summary>A server of somebody else, which answers with the last message, in pieces of five characters and without a usage.</summary>
internal sealed class EchoServer : IAsyncDisposable
{
    private const string Configuration = """
        streaming:
          chunkSize: 5
          chunkIntervalMs: 1
        rules:
          - path: "/v1/models"
            response:
              status: 200
              content: |
                {"object":"list","data":[{"id":"some-cluster/DeepSeek-V4-Flash","object":"model","owned_by":"somebody"}]}
          - path: "/v1/chat/completions"
            match: "@"
            response:
              status: 200
              content: |
                {"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"{{jmes request body.model}}",
                 "choices":[{"index":0,"message":{"role":"assistant","content":"{{jmes request body.model}} heard: {{jmes request body.messages[-1].content}}"},"finish_reason":"stop"}]}
          - path: "/v1/chat/completions"
            match: "contains(to_string(body.messages[-1].content), 'too much')"
            response:
              status: 429
              content: |
                {"error":{"message":"Slow down.","type":"rate_limit_error","code":"rate_limit_exceeded"}}

        """;

    private readonly CancellationTokenSource end = new();
    private readonly StringBuilder output = new();
    private readonly Task running;

    private EchoServer(string node, string program, ClientFolder folder)
    {
        folder.WriteHome("echo.yaml", Configuration);
        int port = FreePort();
        Address = new Uri($"http://127.0.0.1:{port}");
        running = Cli.Wrap(node)
            .WithArguments([program, "--config", Path.Combine(folder.Home, "echo.yaml")])
            .WithEnvironmentVariables(new Dictionary<string, string?> { ["HOST"] = "127.0.0.1", ["PORT"] = $"{port}", ["HOME"] = folder.Home })
            .WithStandardOutputPipe(PipeTarget.ToStringBuilder(output))
            .WithStandardErrorPipe(PipeTarget.ToStringBuilder(output))
            .WithValidation(CommandResultValidation.None)
            .ExecuteAsync(end.Token);
    }

    public Uri Address { get; }

    /// <summary>Starts it and waits until it answers.</summary>
    /// <param name="node">Path of node.</param>
    /// <param name="program">Path of the server's script.</param>
    /// <param name="folder">Where it lives.</param>
    /// <param name="cancellationToken">Ends the waiting.</param>
    public static async Task<EchoServer> StartAsync(string node, string program, ClientFolder folder, CancellationToken cancellationToken)
    {
        var server = new EchoServer(node, program, folder);
        try
        {
            while (!await server.AnswersAsync(cancellationToken))
            {
                server.running.IsCompleted.ShouldBeFalse(server.output.ToString());
                await Task.Delay(20, cancellationToken);
            }
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        try
        {
            await running;
        }
        catch (OperationCanceledException)
        {
            // It was killed, as was asked for.
        }
        end.Dispose();
    }

    private static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(IPAddress.Loopback, Address.Port, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            // It does not listen yet.
            return false;
        }
    }
}
