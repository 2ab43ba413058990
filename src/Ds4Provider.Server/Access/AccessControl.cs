using Ds4Provider.Server.Http;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Primitives;

namespace Ds4Provider.Server.Access;

/// <summary>Refuses requests that may not use a listener, before anything of them is read.</summary>
internal static class AccessControl
{
    /// <summary>Checks where a request comes from and to whom it speaks; a preflight carries no more than that.</summary>
    /// <exception cref="ApiException">A web page that has no business here.</exception>
    public static void CheckOrigin(HttpRequest request, AccessPolicy policy)
    {
        if (policy.Key is null)
            return;
        // A page can point its own name at our address (DNS rebinding); its Host header still tells.
        if (!policy.Answers(request.Host))
        {
            string names = policy.IsNetwork ? "the address or the name of this machine" : "127.0.0.1 or localhost";
            throw ApiException.Forbidden($"The host '{request.Host}' is not served here; use {names}.", "host_refused");
        }
        StringValues origin = request.Headers.Origin;
        if (origin.Count > 0 && !origin.All(o => o is not null && LoopbackNames.ContainsOrigin(o)))
            throw ApiException.Forbidden($"Web pages of '{origin}' may not use this server.", "origin_refused");
    }

    /// <exception cref="ApiException">No key, or a wrong one.</exception>
    public static void CheckKey(HttpRequest request, AccessPolicy policy)
    {
        if (policy.Key is not { } key)
            return;
        string candidate = ApiKey.Of(request)
            ?? throw ApiException.Unauthorized("The API key is missing; send it as 'Authorization: Bearer <key>' or 'x-api-key: <key>'.");
        if (!key.Matches(candidate))
            throw ApiException.Unauthorized("The API key is wrong; `ds4 serve` prints the right one.");
    }
}
