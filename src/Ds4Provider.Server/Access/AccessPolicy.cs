using System.Net;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Access;

/// <summary>Who may use a listener.</summary>
/// <param name="Key">Key that every request must carry, or null where the file system decides who can connect.</param>
/// <param name="IsNetwork">Whether other machines reach it.</param>
internal sealed record AccessPolicy(ApiKey? Key, bool IsNetwork = false)
{
    /// <summary>A Unix socket in a directory of mode 0700: only its owner reaches it, and no browser does.</summary>
    public static AccessPolicy UnixSocket { get; } = new(Key: null);

    /// <summary>A port. Every user and every web page of this machine can reach it, and beyond loopback every machine.</summary>
    public static AccessPolicy Port(IPAddress address, string apiKey) => new(new ApiKey(apiKey), !IPAddress.IsLoopback(address));

    /// <summary>Whether a request that speaks to this host can be meant for this listener.</summary>
    public bool Answers(HostString host) => LoopbackNames.Contains(host) || (IsNetwork && NetworkNames.Contains(host));
}
