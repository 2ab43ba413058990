using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Http;

/// <summary>Gives every request an id that its answer carries, under the header names of both vendors' clients.</summary>
internal static class RequestIds
{
    public static void Assign(HttpContext context)
    {
        context.TraceIdentifier = "req_" + RandomNumberGenerator.GetHexString(24, lowercase: true);
        context.Response.Headers["x-request-id"] = context.TraceIdentifier;
        context.Response.Headers["request-id"] = context.TraceIdentifier;
    }
}
