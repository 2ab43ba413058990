using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Specs.Clients;

/// <summary>Opens the port that clients of vendors talk to.</summary>
internal static class ClientPort
{
    public const string Key = "ds4-key";

    public static async Task<Uri> OpenAsync(TestServer server)
    {
        server.Command(new ServerCommand(new TcpListenerConfiguration("127.0.0.1", 0, Key)));
        return new Uri((await server.Output.WaitForAsync<ServerListening>()).Address);
    }
}
