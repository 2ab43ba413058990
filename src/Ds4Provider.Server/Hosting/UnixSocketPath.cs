using System.Net.Sockets;

namespace Ds4Provider.Server.Hosting;

/// <summary>Makes the path of a Unix socket free to be bound.</summary>
internal static class UnixSocketPath
{
    /// <summary>Removes the socket that a killed server left behind.</summary>
    /// <exception cref="IOException">The path belongs to a live server, or to a file that is no socket.</exception>
    public static void Clear(string path)
    {
        if (!File.Exists(path))
            return;
        if (new FileInfo(path).Length > 0)
            throw new IOException($"{path} is a file with content, not a socket.");
        if (IsAnswered(path))
            throw new IOException($"Another server answers on {path}.");
        File.Delete(path);
    }

    private static bool IsAnswered(string path)
    {
        using var probe = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            probe.Connect(new UnixDomainSocketEndPoint(path));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
