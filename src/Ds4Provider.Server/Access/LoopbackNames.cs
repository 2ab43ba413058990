using System.Net;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Access;

/// <summary>Names of this machine that no name server can claim.</summary>
internal static class LoopbackNames
{
    public static bool Contains(HostString host) => host.HasValue && Contains(host.Host);

    /// <summary>Whether a page of this origin was loaded from this machine; <c>null</c> (a sandboxed page) was not.</summary>
    public static bool ContainsOrigin(string origin) =>
        Uri.TryCreate(origin, UriKind.Absolute, out Uri? address)
        && (address.Scheme == Uri.UriSchemeHttp || address.Scheme == Uri.UriSchemeHttps)
        && Contains(address.Host);

    private static bool Contains(string name) =>
        name.Equals("localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(name.Trim('[', ']'), out IPAddress? address) && IPAddress.IsLoopback(address));
}
