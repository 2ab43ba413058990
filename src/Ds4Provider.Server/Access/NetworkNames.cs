using System.Net;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Access;

/// <summary>
/// Names by which other machines reach this one and that no stranger's name server can claim: addresses, and the name
/// that the machine was given.
/// </summary>
internal static class NetworkNames
{
    private static readonly string Machine = Environment.MachineName;

    public static bool Contains(HostString host) => host.HasValue && Contains(host.Host);

    private static bool Contains(string name) =>
        IPAddress.TryParse(name.Trim('[', ']'), out _)
        || name.Equals(Machine, StringComparison.OrdinalIgnoreCase)
        || name.Equals($"{Machine}.local", StringComparison.OrdinalIgnoreCase);
}
