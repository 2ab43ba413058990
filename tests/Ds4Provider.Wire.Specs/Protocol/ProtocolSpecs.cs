using System.Text;
using System.Text.Json;
using CsCheck;
using Ds4Provider.Wire.Chat;
using Ds4Provider.Wire.Payload;
using Ds4Provider.Wire.Server;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Protocol;

public sealed class ProtocolSpecs
{
    private const int Iterations = 3000;

    [Fact]
    public void Every_watchdog_message_survives_the_wire() =>
        ProtocolGenerators.WatchdogMessage.Sample(message =>
        {
            string line = WatchdogProtocol.Write(message);
            line.ShouldNotContain("\n");
            WatchdogMessage back = WatchdogProtocol.Read(line);
            back.GetType().ShouldBe(message.GetType());
            WatchdogProtocol.Write(back).ShouldBe(line);
        }, iter: Iterations);

    [Fact]
    public void Every_server_event_survives_the_wire() =>
        ProtocolGenerators.ServerEvent.Sample(message =>
        {
            string line = ServerProtocol.Write(message);
            line.ShouldNotContain("\n");
            ServerProtocol.ReadEvent(line).ShouldBe(message);
        }, iter: Iterations);

    [Fact]
    public void The_servers_configuration_survives_the_wire()
    {
        var configuration = new ServerConfiguration("/run/s", "/lib/libds4.so", "demo", "/m.gguf", 4096) { DisplayName = "Demo \n\"x\"", Threads = 3 };
        ServerProtocol.ReadConfiguration(ServerProtocol.Write(configuration)).ShouldBe(configuration);

        var command = new ServerCommand(new TcpListenerConfiguration("127.0.0.1", 0, "key"));
        ServerProtocol.ReadCommand(ServerProtocol.Write(command)).ShouldBe(command);
    }

    [Fact]
    public void A_line_is_either_a_watchdog_message_or_a_json_exception() =>
        Fuzz(ProtocolGenerators.WatchdogMessage.Select(WatchdogProtocol.Write), line => WatchdogProtocol.Read(line));

    [Fact]
    public void A_line_is_either_a_server_event_or_a_json_exception() =>
        Fuzz(ProtocolGenerators.ServerEvent.Select(ServerProtocol.Write), line => ServerProtocol.ReadEvent(line));

    [Fact]
    public void A_line_is_either_a_server_configuration_or_a_json_exception() =>
        Fuzz(
            Gen.Select(Gen.String, Gen.Int, (text, n) => ServerProtocol.Write(new ServerConfiguration(text, text, text, text, n))),
            line => ServerProtocol.ReadConfiguration(line));

    [Fact]
    public void A_line_is_either_a_server_command_or_a_json_exception() =>
        Fuzz(
            Gen.Select(Gen.String, Gen.Int, (text, n) => ServerProtocol.Write(new ServerCommand(new TcpListenerConfiguration(text, n, text)))),
            line => ServerProtocol.ReadCommand(line));

    [Fact]
    public void A_text_is_either_a_chat_request_or_a_json_exception() =>
        Fuzz(
            Gen.Const("""{"model":"demo","messages":[{"role":"user","content":"hi"},{"role":"assistant","tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{}"}}]}],"tools":[{"type":"function","function":{"name":"f"}}],"temperature":0.5,"seed":1,"stream":true,"stream_options":{"include_usage":true},"x":[1]}"""),
            line => JsonSerializer.Deserialize(line, ChatJsonContext.Default.ChatCompletionRequest));

    [Fact]
    public void A_text_is_either_a_chat_chunk_or_a_json_exception() =>
        Fuzz(
            Gen.Const("""{"id":"c","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"role":"assistant","content":"x","reasoning_content":"y","tool_calls":[{"index":0,"id":"1","type":"function","function":{"name":"f","arguments":"{"}}]},"finish_reason":null}],"usage":{"prompt_tokens":1,"completion_tokens":2,"total_tokens":3,"prompt_tokens_details":{"cached_tokens":1}},"ds4":{"phase":"queued","queue_position":2}}"""),
            line => JsonSerializer.Deserialize(line, ChatJsonContext.Default.ChatCompletionChunk));

    [Fact]
    public void A_text_is_either_a_payload_manifest_or_invalid_data() =>
        ProtocolGenerators.Mutated(Gen.Const($"{new string('a', 64)}  native/src/x.c\n{new string('0', 64)}  ds4\n")).Sample(text =>
        {
            try
            {
                PayloadManifest.Parse(Encoding.UTF8.GetBytes(text)).Files.ShouldAllBe(file => !file.Path.Split('/', StringSplitOptions.None).Contains(".."));
            }
            catch (InvalidDataException)
            {
                // The other allowed outcome.
            }
        }, iter: Iterations);

    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("")]
    [InlineData("""{"type":"nobody"}""")]
    [InlineData("""{"type":"hello"}""")]
    [InlineData("""{"type":"failed","reason":"noSuch","message":"","hint":""}""")]
    public void What_is_no_message_is_a_json_exception(string line) =>
        Should.Throw<JsonException>(() => WatchdogProtocol.Read(line));

    [Fact]
    public void The_type_may_stand_anywhere_in_the_object() =>
        WatchdogProtocol.Read("""{"model":"demo","type":"acquire"}""").ShouldBe(new Acquire("demo"));

    [Fact]
    public void An_overlong_line_is_refused() =>
        Should.Throw<JsonException>(() => WatchdogProtocol.Read(new string(' ', WatchdogProtocol.MaximumLineLength + 1)));

    private static void Fuzz(Gen<string> valid, Action<string> read) =>
        ProtocolGenerators.Mutated(valid).Sample(line =>
        {
            try
            {
                read(line);
            }
            catch (JsonException)
            {
                // The other allowed outcome.
            }
        }, iter: Iterations);
}
