using System.Net.Sockets;

namespace Ds4Provider.Wire.Sockets;

/// <summary>A connection to a process of this machine.</summary>
public static class UnixSocketStream
{
    /// <summary>Connects.</summary>
    /// <param name="path">Path of the socket.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The connection; disposing of it closes the socket.</returns>
    /// <exception cref="SocketException">Nobody listens there, or it is not allowed.</exception>
    public static async Task<NetworkStream> ConnectAsync(string path, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(path), cancellationToken).ConfigureAwait(false);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
