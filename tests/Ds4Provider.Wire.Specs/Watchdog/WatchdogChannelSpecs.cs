using System.IO.Pipes;
using System.Text;
using System.Text.Json;
using CsCheck;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Watchdog;

public sealed class WatchdogChannelSpecs
{
    [Fact]
    public void Messages_survive_any_division_into_packets() =>
        Gen.Select(ProtocolGenerators.WatchdogMessage.List[1, 8], Gen.Int[1, 40]).Sample((messages, size) =>
        {
            byte[] bytes = Encoding.UTF8.GetBytes(string.Concat(messages.Select(message => WatchdogProtocol.Write(message) + "\n")));
            using var stream = new DribbleStream(bytes, size);
            var channel = new WatchdogChannel(stream);
            foreach (WatchdogMessage message in messages)
                WatchdogProtocol.Write(channel.ReceiveAsync(TimesUp).AsTask().Result!).ShouldBe(WatchdogProtocol.Write(message));
            channel.ReceiveAsync(TimesUp).AsTask().Result.ShouldBeNull();
        }, iter: 200);

    [Fact(Timeout = 10_000)]
    public async Task A_cancelled_wait_loses_nothing()
    {
        await using var server = new AnonymousPipeServerStream(PipeDirection.Out);
        await using var channel = new WatchdogChannel(new AnonymousPipeClientStream(PipeDirection.In, server.ClientSafePipeHandle));
        byte[] line = Encoding.UTF8.GetBytes(WatchdogProtocol.Write(new Stopping("late")) + "\n");
        await server.WriteAsync(line.AsMemory(0, 10), TimesUp);
        using var cancel = new CancellationTokenSource(100);
        await Should.ThrowAsync<OperationCanceledException>(async () => await channel.ReceiveAsync(cancel.Token));

        await server.WriteAsync(line.AsMemory(10), TimesUp);

        (await channel.ReceiveAsync(TimesUp)).ShouldBe(new Stopping("late"));
    }

    [Fact(Timeout = 10_000)]
    public async Task A_line_without_an_end_is_refused()
    {
        await using var channel = new WatchdogChannel(new DribbleStream(new byte[WatchdogProtocol.MaximumLineLength + 1], 4096));

        await Should.ThrowAsync<JsonException>(async () => await channel.ReceiveAsync(TimesUp));
    }

    /// <summary>Gives a few bytes at a time.</summary>
    private sealed class DribbleStream(byte[] bytes, int size) : MemoryStream(bytes)
    {
        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) =>
            base.ReadAsync(buffer[..Math.Min(size, buffer.Length)], cancellationToken);
    }
}
