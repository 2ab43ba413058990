using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs;

public sealed class AccessSpecs
{
    private const string Key = "ds4-secret";

    [Theory(Timeout = 30_000)]
    [InlineData("Authorization", "Bearer ds4-secret")]
    [InlineData("Authorization", "bearer ds4-secret")]
    [InlineData("x-api-key", "ds4-secret")]
    public async Task A_port_serves_whoever_has_the_key(string header, string value)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server);
        client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        using HttpResponseMessage reply = await TestServer.SendAsync(client, Ask.For("Hi"));

        reply.StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory(Timeout = 30_000)]
    [InlineData(null, null)]
    [InlineData("Authorization", "Bearer wrong")]
    [InlineData("Authorization", "Bearer ")]
    [InlineData("Authorization", "Basic ds4-secret")]
    [InlineData("x-api-key", "ds4-secre")]
    public async Task A_port_refuses_everybody_else(string? header, string? value)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server);
        if (header is not null)
            client.DefaultRequestHeaders.TryAddWithoutValidation(header, value);

        foreach (string path in (string[])["/health", "/v1/models", "/nowhere"])
        {
            using HttpResponseMessage refused = await client.GetAsync(path);
            refused.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
            refused.Headers.WwwAuthenticate.ToString().ShouldBe("Bearer");
            (await ErrorAsync(refused))["code"]!.GetValue<string>().ShouldBe("invalid_api_key");
        }
    }

    [Theory(Timeout = 30_000)]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("127.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("10.0.0.1", HttpStatusCode.Forbidden)]
    [InlineData("localhost", HttpStatusCode.OK)]
    [InlineData("LOCALHOST:1234", HttpStatusCode.OK)]
    [InlineData("[::1]:80", HttpStatusCode.OK)]
    public async Task A_port_answers_only_to_loopback_names(string host, HttpStatusCode expected)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server, Key);
        client.DefaultRequestHeaders.Host = host;

        using HttpResponseMessage response = await client.GetAsync("/health");

        response.StatusCode.ShouldBe(expected);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("evil.example", HttpStatusCode.Forbidden)]
    [InlineData("10.0.0.1.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("10.0.0.1", HttpStatusCode.OK)]
    [InlineData("[fe80::1]:80", HttpStatusCode.OK)]
    [InlineData("localhost", HttpStatusCode.OK)]
    public async Task A_port_for_other_machines_answers_to_addresses_and_to_no_name_that_a_stranger_can_claim(string host, HttpStatusCode expected)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server, Key, "0.0.0.0");
        client.DefaultRequestHeaders.Host = host;

        using HttpResponseMessage response = await client.GetAsync("/health");
        response.StatusCode.ShouldBe(expected);

        client.DefaultRequestHeaders.Remove("x-api-key");
        using HttpResponseMessage keyless = await client.GetAsync("/health");
        keyless.IsSuccessStatusCode.ShouldBeFalse();
    }

    [Theory(Timeout = 30_000)]
    [InlineData("https://evil.example", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost.evil.example", HttpStatusCode.Forbidden)]
    [InlineData("null", HttpStatusCode.Forbidden)]
    [InlineData("file://", HttpStatusCode.Forbidden)]
    [InlineData("http://localhost:3000", HttpStatusCode.OK)]
    [InlineData("http://127.0.0.1", HttpStatusCode.OK)]
    public async Task A_port_refuses_pages_of_other_origins(string origin, HttpStatusCode expected)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server, Key);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Origin", origin);

        using HttpResponseMessage response = await client.GetAsync("/health");

        response.StatusCode.ShouldBe(expected);
    }

    [Theory(Timeout = 30_000)]
    [InlineData("text/plain")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData(null)]
    public async Task A_body_that_does_not_call_itself_JSON_is_refused(string? contentType)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using var content = new ByteArrayContent(Encoding.UTF8.GetBytes(Ask.For("Hi")));
        if (contentType is not null)
            content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        using HttpResponseMessage refused = await server.Http.PostAsync("/v1/chat/completions", content);

        refused.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await ErrorAsync(refused))["message"]!.GetValue<string>().ShouldContain("application/json");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_compressed_body_is_refused_by_name()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using var content = new StringContent(Ask.For("Hi"), Encoding.UTF8, "application/json");
        content.Headers.ContentEncoding.Add("gzip");

        using HttpResponseMessage refused = await server.Http.PostAsync("/v1/chat/completions", content);

        refused.StatusCode.ShouldBe(HttpStatusCode.UnsupportedMediaType);
        (await ErrorAsync(refused))["message"]!.GetValue<string>().ShouldContain("'gzip'");
    }

    [Fact(Timeout = 30_000)]
    public async Task A_taken_port_is_told_and_the_server_goes_on()
    {
        using var other = new TcpListener(IPAddress.Loopback, 0);
        other.Start();
        int port = ((IPEndPoint)other.LocalEndpoint).Port;
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());

        server.Command(new ServerCommand(new TcpListenerConfiguration("127.0.0.1", port, Key)));

        ServerListenFailed failed = await server.Output.WaitForAsync<ServerListenFailed>();
        failed.Message.ShouldContain($"Port {port}");
        failed.Message.ShouldContain("another port");
        await server.ReplyAsync(Ask.For("Hi"));
    }

    [Theory(Timeout = 30_000)]
    [InlineData("example.com", 0, Key, "not an address")]
    [InlineData("127.0.0.1", 70000, Key, "70000 is not a port")]
    [InlineData("127.0.0.1", 0, "", "API key")]
    [InlineData("0.0.0.0", 0, "", "API key")]
    [InlineData("0.0.0.0", 0, " ", "API key")]
    public async Task A_port_that_would_be_open_to_everybody_is_never_opened(string host, int port, string key, string reason)
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());

        server.Command(new ServerCommand(new TcpListenerConfiguration(host, port, key)));

        (await server.Output.WaitForAsync<ServerListenFailed>()).Message.ShouldContain(reason);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_line_that_is_no_command_is_passed_over_and_the_same_port_asked_for_twice_is_the_same()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        server.CommandLine("nonsense");
        server.CommandLine("{}");

        server.Command(new ServerCommand(new TcpListenerConfiguration("localhost", 0, Key)));
        server.Command(new ServerCommand(new TcpListenerConfiguration("localhost", 0, Key)));

        await Eventually.HoldsAsync(() => server.Output.Events.OfType<ServerListening>().Count() == 2, "two answers");
        server.Output.Events.OfType<ServerListening>().Distinct().Count().ShouldBe(1);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_port_closes_when_told_the_server_goes_on_and_the_port_can_be_opened_again()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server, Key);
        string address = server.Output.Events.OfType<ServerListening>().Single().Address;

        server.Command(new ServerCommand { Close = address });
        server.Command(new ServerCommand { Close = "http://127.0.0.1:1" });

        await Eventually.HoldsAsync(() => !IsOpen(new Uri(address).Port), "the port is closed");
        await server.ReplyAsync(Ask.For("Hi"));
        server.Command(new ServerCommand(new TcpListenerConfiguration("127.0.0.1", new Uri(address).Port, Key)));
        await Eventually.HoldsAsync(() => server.Output.Events.OfType<ServerListening>().Count() == 2, "it is open again");
    }

    private static bool IsOpen(int port)
    {
        using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            probe.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [Fact(Timeout = 30_000)]
    public async Task A_port_closes_with_the_server()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using HttpClient client = await ListenAsync(server, Key);

        server.EndInput();
        await server.Exit.WaitAsync(TimeSpan.FromSeconds(20));

        await Should.ThrowAsync<HttpRequestException>(() => client.GetAsync("/health"));
    }

    private static async Task<HttpClient> ListenAsync(TestServer server, string? key = null, string host = "127.0.0.1")
    {
        server.Command(new ServerCommand(new TcpListenerConfiguration(host, 0, Key)));
        ServerListening listening = await server.Output.WaitForAsync<ServerListening>();
        listening.Address.ShouldMatch($"^http://{Regex.Escape(host)}:[1-9][0-9]+$");
        UriBuilder address = new(listening.Address) { Host = "127.0.0.1" };
        var client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = address.Uri };
        if (key is not null)
            client.DefaultRequestHeaders.Add("x-api-key", key);
        return client;
    }

    private static async Task<JsonNode> ErrorAsync(HttpResponseMessage response) =>
        JsonNode.Parse(await response.Content.ReadAsStringAsync())!["error"]!;
}
