using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Hosting;

/// <summary>Writes events for the watchdog, one line each. Thread-safe.</summary>
internal sealed class ServerEventWriter(TextWriter output)
{
    private readonly Lock gate = new();

    public void Write(ServerEvent serverEvent)
    {
        string line = ServerProtocol.Write(serverEvent);
        lock (gate)
        {
            output.Write(line + "\n");
            output.Flush();
        }
    }
}
