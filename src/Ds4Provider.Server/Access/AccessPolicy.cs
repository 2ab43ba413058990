namespace Ds4Provider.Server.Access;

/// <summary>Who may use a listener.</summary>
/// <param name="Key">Key that every request must carry, or null where the file system decides who can connect.</param>
internal sealed record AccessPolicy(ApiKey? Key)
{
    /// <summary>A Unix socket in a directory of mode 0700: only its owner reaches it, and no browser does.</summary>
    public static AccessPolicy UnixSocket { get; } = new(Key: null);

    /// <summary>A loopback port, which every user and every web page of this machine can reach.</summary>
    public static AccessPolicy Loopback(string apiKey) => new(new ApiKey(apiKey));
}
