using System.Threading.Channels;

namespace Ds4Provider.Server.Hosting;

/// <summary>
/// The lines of standard input. They are read on a thread of their own, because the console's reader blocks even when
/// asked to read asynchronously, and a read from a pipe cannot be cancelled.
/// </summary>
internal static class InputLines
{
    /// <summary>Starts to read; the channel ends with the input.</summary>
    public static ChannelReader<string> Read(TextReader input)
    {
        var lines = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        new Thread(() => Pump(input, lines.Writer)) { IsBackground = true, Name = "ds4 input" }.Start();
        return lines.Reader;
    }

    private static void Pump(TextReader input, ChannelWriter<string> lines)
    {
        try
        {
            while (input.ReadLine() is { } line)
                lines.TryWrite(line);
            lines.Complete();
        }
        catch (Exception broken) when (broken is IOException or ObjectDisposedException)
        {
            // A broken pipe is the end of the life line like a closed one.
            lines.Complete();
        }
    }
}
