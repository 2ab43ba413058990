namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>The access token of the model hub, where its own tools keep it. It travels in a header and nowhere else.</summary>
internal static class HubToken
{
    /// <summary>Finds it.</summary>
    /// <param name="environment">Reads a variable.</param>
    /// <returns>The token, or null when there is none; the weights are public, a token only raises limits.</returns>
    public static string? Find(Func<string, string?> environment) =>
        Clean(environment("HF_TOKEN")) ?? Clean(environment("HUGGING_FACE_HUB_TOKEN")) ?? FromFile(TokenPath(environment));

    private static string? TokenPath(Func<string, string?> environment)
    {
        if (environment("HF_TOKEN_PATH") is { Length: > 0 } path)
            return path;
        return HubHome(environment) is { } home ? Path.Combine(home, "token") : null;
    }

    /// <summary>The folder of the hub's own tools, whether it exists or not; null when this user has no home.</summary>
    public static string? HubHome(Func<string, string?> environment)
    {
        if (environment("HF_HOME") is { Length: > 0 } home)
            return home;
        if (environment("XDG_CACHE_HOME") is { Length: > 0 } cache)
            return Path.Combine(cache, "huggingface");
        return environment("HOME") is { Length: > 0 } user ? Path.Combine(user, ".cache", "huggingface") : null;
    }

    private static string? FromFile(string? path)
    {
        try
        {
            return path is not null && File.Exists(path) ? Clean(File.ReadAllText(path)) : null;
        }
        catch (UnauthorizedAccessException)
        {
            return null; // Not ours to read; the weights are public.
        }
    }

    // Whatever is not a token of printable characters would break the header that carries it.
    private static string? Clean(string? text) =>
        text?.Trim() is { Length: > 0 and <= 1024 } token && token.All(c => c is > ' ' and < '\x7f') ? token : null;
}
