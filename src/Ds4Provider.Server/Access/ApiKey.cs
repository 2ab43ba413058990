using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Ds4Provider.Server.Access;

/// <summary>The key of a listener. Only its hash is kept, and compared in constant time whatever the length.</summary>
internal sealed class ApiKey(string key)
{
    private const string Scheme = "Bearer ";

    private readonly byte[] hash = Hash(key);

    /// <summary>The key that a request carries: OpenAI's clients send a bearer token, Anthropic's <c>x-api-key</c>.</summary>
    public static string? Of(HttpRequest request)
    {
        string? authorization = request.Headers.Authorization;
        if (authorization is not null && authorization.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
            return authorization[Scheme.Length..].Trim();
        string? own = request.Headers["x-api-key"];
        return string.IsNullOrEmpty(own) ? null : own;
    }

    public bool Matches(string candidate) => CryptographicOperations.FixedTimeEquals(hash, Hash(candidate));

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
