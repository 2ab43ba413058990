using Ds4Provider.Wire.Sockets;

namespace Ds4Provider.Lease;

/// <summary>HTTP clients for servers of this machine and of others.</summary>
internal static class HttpClients
{
    /// <summary>A client whose connections all go to a Unix socket.</summary>
    public static HttpClient ForSocket(string socketPath)
    {
        var handler = NewHandler();
        handler.UseProxy = false; // HTTP_PROXY would hijack what looks like a request to localhost.
        handler.ConnectCallback = async (_, cancellationToken) => await UnixSocketStream.ConnectAsync(socketPath, cancellationToken).ConfigureAwait(false);
        return NewClient(handler, new Uri("http://localhost/"));
    }

    /// <summary>A client for a server that somebody else runs.</summary>
    public static HttpClient ForAddress(Uri address, string? apiKey)
    {
        var handler = NewHandler();
        handler.UseProxy = !address.IsLoopback;
        HttpClient client = NewClient(handler, address);
        if (!string.IsNullOrEmpty(apiKey))
            client.DefaultRequestHeaders.Authorization = new("Bearer", apiKey);
        return client;
    }

    private static SocketsHttpHandler NewHandler() => new()
    {
        AllowAutoRedirect = false,
        UseCookies = false,
        // A reply that nobody reads any more must end now: draining it would keep the model busy.
        MaxResponseDrainSize = 0,
        ResponseDrainTimeout = TimeSpan.Zero,
    };

    // No time limit: a cold prompt of a million tokens takes hours. Progress tells that the server is alive, the
    // watchdog ends one that is stuck, and callers have their tokens.
    private static HttpClient NewClient(SocketsHttpHandler handler, Uri address) =>
        new(handler) { BaseAddress = address, Timeout = Timeout.InfiniteTimeSpan };
}
