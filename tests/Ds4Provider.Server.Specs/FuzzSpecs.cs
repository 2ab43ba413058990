using System.Net;
using System.Net.Sockets;
using System.Text;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Fuzz;

namespace Ds4Provider.Server.Specs;

/// <summary>A share of what the fuzz program tries, the same in every run, and what it found.</summary>
public sealed class FuzzSpecs
{
    [Theory(Timeout = 180_000)]
    [InlineData("replies", 2_000)]
    [InlineData("requests", 10_000)]
    [InlineData("states", 20_000)]
    [InlineData("schemas", 200)]
    [InlineData("constraints", 300)]
    [InlineData("connections", 1_500)]
    public async Task Nothing_that_others_write_does_more_than_being_refused(string target, int inputs)
    {
        await using FuzzTarget fuzz = FuzzTargets.Create(target);

        long tried = await new FuzzRun(fuzz, seed: 1).RunAsync(0, inputs, TimeSpan.FromMinutes(3));

        tried.ShouldBe(inputs);
    }

    [Fact(Timeout = 30_000)]
    public async Task A_chunk_whose_size_is_beyond_all_numbers_is_the_fault_of_the_client()
    {
        await using TestServer server = await TestServer.StartAsync(new ScriptedModel());
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(server.Socket));

        await socket.SendAsync(Encoding.ASCII.GetBytes(
            $"POST {TestServer.ChatPath} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFFFF\r\n"));
        byte[] reply = new byte[100];
        int length = await socket.ReceiveAsync(reply);

        Encoding.ASCII.GetString(reply, 0, length).ShouldStartWith("HTTP/1.1 400 ");
        (await server.Http.GetAsync("/health")).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact(Timeout = 60_000)]
    public void The_search_for_halves_of_characters_takes_no_longer_below_a_long_name()
    {
        string members = string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"m{i}\":1"));
        byte[] body = Encoding.UTF8.GetBytes($"{{\"{new string('n', 200_000)}\":{{{members},\"last\":\"\\ud800\"}}}}");

        Should.Throw<ApiException>(() => JsonBody.Parse(body, 128)).Message.ShouldContain("half of a surrogate pair");
    }
}
