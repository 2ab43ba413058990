using System.Globalization;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Dummy;

/// <summary>A model server without a model. Obeys the protocol of its standard streams, and misbehaves as told.</summary>
internal static class DummyServer
{
    public static async Task<int> RunAsync(string behaviour, string[] parameters)
    {
        ServerConfiguration configuration = ServerProtocol.ReadConfiguration((await Console.In.ReadLineAsync())!);
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(configuration.Socket));
        socket.Listen();
        Say(new ServerLoading("Loading nothing"));
        return await BehaveAsync(behaviour, parameters, configuration);
    }

    private static async Task<int> BehaveAsync(string behaviour, string[] parameters, ServerConfiguration configuration)
    {
        var ready = new ServerReady(configuration.ModelId, 4096);
        switch (behaviour)
        {
            case "ready":
                Say(ready);
                return await ServeAsync(configuration);
            case "chatter":
                Console.WriteLine("a library prints this");
                Console.WriteLine("""{"type":"unheard-of"}""");
                Say(ready);
                return await ServeAsync(configuration);
            case "crash": // MILLISECONDS after it became ready
                Say(ready);
                await Task.Delay(int.Parse(parameters[0], CultureInfo.InvariantCulture));
                Console.Error.WriteLine("dummy: the kernel exploded");
                return 3;
            case "drains-once": // FILE that tells the second server that the first was told to stop; it does not end by itself
                Say(ready);
                if (File.Exists(parameters[0]))
                    return await ServeAsync(configuration);
                await File.WriteAllTextAsync(parameters[0], "told");
                Say(new ServerStopping());
                await Task.Delay(Timeout.Infinite);
                return 0;
            case "never-ready":
                await Task.Delay(Timeout.Infinite);
                return 0;
            case "loads-for": // MILLISECONDS
                await Task.Delay(int.Parse(parameters[0], CultureInfo.InvariantCulture));
                Say(ready);
                return await ServeAsync(configuration);
            case "refuse":
                Say(new ServerFailed("The weights are of another planet.", "Bring better ones."));
                return 1;
            case "stuck-once": // FILE that tells the second server that the first was stuck
                return await StuckOnceAsync(parameters[0], ready, configuration);
            case "deaf":
                return await DeafAsync(ready);
            default:
                throw new ArgumentException($"unknown behaviour {behaviour}");
        }
    }

    private static async Task<int> StuckOnceAsync(string file, ServerReady ready, ServerConfiguration configuration)
    {
        Say(ready);
        if (File.Exists(file))
            return await ServeAsync(configuration);
        await File.WriteAllTextAsync(file, "stuck");
        while (true)
        {
            // Answers, beats, and does nothing: what a dead compute thread looks like from outside.
            Say(new ServerWork(1, 100, 7));
            await Task.Delay(100);
        }
    }

    private static async Task<int> DeafAsync(ServerReady ready)
    {
        using PosixSignalRegistration signal = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => context.Cancel = true);
        Say(ready);
        await Task.Delay(Timeout.Infinite);
        return 0;
    }

    private static async Task<int> ServeAsync(ServerConfiguration configuration)
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            if (ServerProtocol.ReadCommand(line).Listen is not { } listen)
                continue;
            // Port 1 plays a taken one; 0 asks for a free one.
            Say(listen.Port == 1
                ? new ServerListenFailed("Port 1 is taken.")
                : new ServerListening($"http://{listen.Host}:{(listen.Port == 0 ? 4711 : listen.Port)}"));
        }
        File.Delete(configuration.Socket);
        return 0;
    }

    private static void Say(ServerEvent serverEvent)
    {
        Console.WriteLine(ServerProtocol.Write(serverEvent));
        Console.Out.Flush();
    }
}
