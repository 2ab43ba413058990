using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;

namespace Fuzz.Connections;

/// <summary>
/// The real server at its socket: requests that are broken, never end, end too early, or whose client leaves. Each
/// connection is closed, none is answered with a failure of the server, every stream that is read has its end, and
/// afterwards the server serves as before.
/// </summary>
internal sealed class ConnectionTarget : FuzzTarget
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(15);

    private readonly ScriptedModel model = new(contextLength: 20_000);
    private TestServer? server;

    public override string Name => "connections";

    public override async ValueTask<string> TryAsync(Random random, FuzzInput input)
    {
        server ??= await TestServer.StartAsync(model);
        BrokenRequest request = BrokenRequests.Next(random);
        input.Is(() => $"{request.Leaving}\n{Encoding.Latin1.GetString(request.Bytes)}");
        if (random.Once(3))
            model.Replies(random.Once(2) ? new Script().Think("Hm").Say("Hello").Call("f", ("path", "x")) : new Script().Think("").Say("Hello").Unended());
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(server.Socket));
        return await TalkAsync(socket, request, random);
    }

    /// <summary>The server answers on every API, and nobody is left in its queue.</summary>
    public override async ValueTask CheckAsync()
    {
        server ??= await TestServer.StartAsync(model);
        await Eventually.HoldsAsync(() => server.Http.GetStringAsync("/health").GetAwaiter().GetResult().Length > 0, "health");
        foreach ((string path, string body, string end) in Normal)
        {
            using EventReader reader = await server.StreamAsync(body, path: path);
            List<JsonNode> events = await reader.AllAsync();
            // A reply that a client left before may be next in the model's script; the limit ends it.
            if (!reader.IsDone)
                events[^1]["type"]!.GetValue<string>().ShouldBeOneOf(end, "response.incomplete");
        }
    }

    public override async ValueTask DisposeAsync()
    {
        if (server is not null)
            await server.DisposeAsync();
        await base.DisposeAsync();
    }

    private static (string Path, string Body, string End)[] Normal { get; } =
    [
        (TestServer.ChatPath, Ask.Streamed("Hi", """{"max_tokens":20}"""), "[DONE]"),
        (TestServer.MessagesPath, Ask.Stream(Ask.Messages("Hi", """{"max_tokens":20}""")), "message_stop"),
        (TestServer.ResponsesPath, Ask.Stream(Ask.Responses("Hi", """{"max_output_tokens":20}""")), "response.completed"),
    ];

    private static async Task<string> TalkAsync(Socket socket, BrokenRequest request, Random random)
    {
        using var patience = new CancellationTokenSource(Silence);
        try
        {
            foreach (byte[] part in request.Bytes.Chunk(Math.Max(1, random.Once(4) ? 1 + (request.Bytes.Length / 3) : request.Bytes.Length)))
                await socket.SendAsync(part, patience.Token);
            switch (request.Leaving)
            {
                case Leaving.AtOnce:
                    return "left at once";
                case Leaving.AfterSomeOfTheReply:
                    await socket.ReceiveAsync(new byte[random.Next(1, 400)], patience.Token);
                    return "left during the reply";
                case Leaving.HalfClosed:
                    socket.Shutdown(SocketShutdown.Send);
                    break;
            }
            return Judge(await ReadAsync(socket, patience.Token), request);
        }
        catch (SocketException)
        {
            return "cut by the server"; // a refusal closes the connection while the rest is still on its way
        }
    }

    private static async Task<string> ReadAsync(Socket socket, CancellationToken patience)
    {
        using var reply = new MemoryStream();
        byte[] buffer = new byte[16 * 1024];
        while (await socket.ReceiveAsync(buffer, patience) is > 0 and int read)
            reply.Write(buffer, 0, read);
        return Encoding.Latin1.GetString(reply.GetBuffer(), 0, (int)reply.Length);
    }

    private static string Judge(string reply, BrokenRequest request)
    {
        if (reply.Length == 0)
            return "closed";
        if (request.Bytes.AsSpan().StartsWith("PRI * HTTP/2.0"u8) && !reply.StartsWith('H'))
            return "told in HTTP/2 that it is not spoken";
        reply.ShouldStartWith("HTTP/1.1 ");
        foreach (string line in reply.Split("\r\n").Where(line => line.StartsWith("HTTP/1.1 ", StringComparison.Ordinal)))
        {
            // 505: the version of HTTP is not served.
            (line["HTTP/1.1 ".Length] < '5' || line.StartsWith("HTTP/1.1 505", StringComparison.Ordinal)).ShouldBeTrue(line);
        }
        // A client that closed its half has left: its stream may end anywhere.
        if (reply.Contains("text/event-stream", StringComparison.Ordinal) && request.Leaving != Leaving.HalfClosed)
        {
            (reply.Contains("data: [DONE]", StringComparison.Ordinal) || reply.Contains("event: message_stop", StringComparison.Ordinal)
                || reply.Contains("event: response.completed", StringComparison.Ordinal) || reply.Contains("event: response.incomplete", StringComparison.Ordinal)
                || reply.Contains("event: error", StringComparison.Ordinal)).ShouldBeTrue(reply);
        }
        return $"answered {reply["HTTP/1.1 ".Length..][..1]}xx";
    }
}
