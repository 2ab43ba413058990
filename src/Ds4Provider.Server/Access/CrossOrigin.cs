using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Access;

/// <summary>
/// Lets pages that were loaded from this machine read the answers; a page of any other origin is refused before it gets
/// here. The origin is named, never <c>*</c>. A browser asks first (<c>OPTIONS</c>) and sends no key with the question.
/// </summary>
internal static class CrossOrigin
{
    /// <summary>Adds the headers for an origin that was allowed.</summary>
    public static void Allow(HttpContext context)
    {
        if ((string?)context.Request.Headers.Origin is not { Length: > 0 } origin || !LoopbackNames.ContainsOrigin(origin))
            return;
        IHeaderDictionary headers = context.Response.Headers;
        headers.AccessControlAllowOrigin = origin;
        headers.AccessControlAllowMethods = "GET, POST, OPTIONS";
        headers.AccessControlAllowHeaders = Requested(context.Request);
        headers.AccessControlExposeHeaders = "x-request-id, request-id, retry-after";
        headers.Vary = "Origin";
    }

    /// <summary>Whether a browser only asks what it may send.</summary>
    public static bool IsPreflight(HttpRequest request) =>
        HttpMethods.IsOptions(request.Method)
        && request.Headers.Origin.Count > 0 && request.Headers.AccessControlRequestMethod.Count > 0;

    private static string Requested(HttpRequest request) =>
        request.Headers.AccessControlRequestHeaders is { Count: > 0 } asked
            ? asked.ToString()
            : "authorization, content-type, x-api-key, x-ds4-progress";
}
