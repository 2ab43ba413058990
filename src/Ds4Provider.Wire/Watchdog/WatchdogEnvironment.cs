using System.Runtime.InteropServices;

namespace Ds4Provider.Wire.Watchdog;

/// <summary>
/// The environment of the watchdog: an allow-list. It outlives the program that starts it and serves others, so no
/// setting of one program may leak into it, and no secret but the one that the hub of the weights asks for.
/// </summary>
internal static class WatchdogEnvironment
{
    private static readonly string[] Allowed =
    [
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TMPDIR", "TZ", "XDG_RUNTIME_DIR",
        "DS4_GRACE", "DS4_MODEL_QUANT", "HF_ENDPOINT",
        // Where the hub's own tools keep weights and token.
        "HF_HOME", "HF_TOKEN", "HF_TOKEN_PATH", "HUGGING_FACE_HUB_TOKEN", "XDG_CACHE_HOME",
        // The engine is compiled by the user's compiler…
        "CC", "CFLAGS", "SDKROOT", "DEVELOPER_DIR",
        // …and the weights come through the user's proxy.
        "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "all_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR",
    ];

    /// <summary>Picks the variables.</summary>
    /// <param name="paths">Where client and watchdog meet.</param>
    /// <param name="environment">Reads a variable.</param>
    public static IEnumerable<KeyValuePair<string, string?>> For(WatchdogPaths paths, Func<string, string?> environment)
    {
        foreach (string name in Allowed)
        {
            if (environment(name) is { } value)
                yield return new(name, value);
        }
        // Absolute: the watchdog works in "/".
        yield return new("DS4_HOME", paths.StateDirectory);
        // The runtime's diagnostic pipes stay in the temporary directory when a process is killed. Who wants them sets this to 1.
        yield return new("DOTNET_EnableDiagnostics", environment("DOTNET_EnableDiagnostics") ?? "0");
        foreach ((string name, string value) in WatchdogRuntime.Settings)
            yield return new(name, value);
        if (DotnetRoot(RuntimeEnvironment.GetRuntimeDirectory()) is { } root)
            yield return new("DOTNET_ROOT", root);
        else if (environment("DOTNET_ROOT") is { } given)
            yield return new("DOTNET_ROOT", given);
    }

    /// <summary>
    /// The installation that runs this process (<c>root/shared/Microsoft.NETCore.App/10.0.0</c>): it may be known to
    /// nobody but the <c>dotnet</c> command that started it. Null when this process carries its own runtime.
    /// </summary>
    internal static string? DotnetRoot(string runtimeDirectory)
    {
        var version = new DirectoryInfo(Path.TrimEndingDirectorySeparator(runtimeDirectory));
        return version.Parent is { Name: "Microsoft.NETCore.App", Parent: { Name: "shared", Parent: { } root } } ? root.FullName : null;
    }
}
