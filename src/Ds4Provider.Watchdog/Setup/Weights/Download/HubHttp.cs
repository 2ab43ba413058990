using System.Net;

namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>Makes the HTTP client of downloads: the user's proxy, no redirects, one connection for each range.</summary>
internal static class HubHttp
{
    public static HttpClient Create(string version)
    {
        var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ConnectTimeout = TimeSpan.FromSeconds(20),
            PooledConnectionIdleTimeout = TimeSpan.FromSeconds(10),
            UseCookies = false,
            Proxy = new ProxyBeyondLoopback(HttpClient.DefaultProxy),
        })
        {
            // Silence is watched where bytes are read; a whole download has no limit.
            Timeout = Timeout.InfiniteTimeSpan,
        };
        client.DefaultRequestHeaders.UserAgent.ParseAdd($"ds4/{version}");
        return client;
    }

    /// <summary>The environment's proxy, which has no business with this machine's own addresses.</summary>
    private sealed class ProxyBeyondLoopback(IWebProxy proxy) : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => proxy.Credentials;
            set => proxy.Credentials = value;
        }

        public Uri? GetProxy(Uri destination) => destination.IsLoopback ? null : proxy.GetProxy(destination);

        public bool IsBypassed(Uri host) => host.IsLoopback || proxy.IsBypassed(host);
    }
}
