using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Weights.Download;
using Ds4Provider.Watchdog.Supervision;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Hosting;

/// <summary>What a watchdog is told by the executable that it lives in.</summary>
public sealed record WatchdogOptions
{
    /// <summary>State directory and sockets.</summary>
    public required WatchdogPaths Paths { get; init; }

    /// <summary>Folder with the engine's sources (<c>native/</c>), the demo model (<c>models/</c>) and the self-test (<c>selftest/</c>).</summary>
    public required string Payload { get; init; }

    /// <summary>How the server is started.</summary>
    public required LaunchCommand Server { get; init; }

    /// <summary>Version that clients and people are told.</summary>
    public required string Version { get; init; }

    /// <summary>How long server and watchdog outlive the last lease.</summary>
    public TimeSpan Grace { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Name of the variant to use instead of the one that fits the machine best, e.g. <c>q2-imatrix</c>.</summary>
    public string? Variant { get; init; }

    /// <summary>The variants that there are.</summary>
    internal IReadOnlyList<ModelVariant> Variants { get; init; } = FlashManifest.Variants;

    /// <summary>How weights are fetched, and how patiently.</summary>
    internal DownloadLimits Downloads { get; init; } = new();

    /// <summary>Where weights are published.</summary>
    public Uri Hub { get; init; } = HubOrigin.DefaultEndpoint;

    /// <summary>Reads the variables that tell where other programs keep weights and the access token of the hub.</summary>
    public Func<string, string?> Environment { get; init; } = _ => null;

    /// <summary>How long the watchdog is patient with its server.</summary>
    public SupervisionLimits Limits { get; init; } = new();

    /// <summary>Reads <c>DS4_HOME</c>, <c>DS4_GRACE</c>, <c>DS4_MODEL_QUANT</c> and <c>HF_ENDPOINT</c>.</summary>
    /// <param name="environment">Reads a variable, e.g. <see cref="Environment.GetEnvironmentVariable(string)"/>.</param>
    /// <param name="payload">See <see cref="Payload"/>.</param>
    /// <param name="server">See <see cref="Server"/>.</param>
    /// <param name="version">See <see cref="Version"/>.</param>
    /// <exception cref="FormatException"><c>DS4_GRACE</c> is not a number of seconds, or <c>HF_ENDPOINT</c> not an address.</exception>
    public static WatchdogOptions FromEnvironment(
        Func<string, string?> environment, string payload, LaunchCommand server, string version)
    {
        var options = new WatchdogOptions
        {
            Paths = WatchdogPaths.FromEnvironment(environment),
            Payload = payload,
            Server = server,
            Version = version,
            Hub = environment("HF_ENDPOINT") is { Length: > 0 } hub ? ParseHub(hub) : HubOrigin.DefaultEndpoint,
            Environment = environment,
            Variant = environment("DS4_MODEL_QUANT") is { Length: > 0 } variant ? variant : null,
        };
        return environment("DS4_GRACE") is { Length: > 0 } grace ? options with { Grace = ParseGrace(grace) } : options;
    }

    // With a slash at its end, or the last part of its path would be replaced instead of continued.
    private static Uri ParseHub(string text) =>
        Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out Uri? hub) && hub.Scheme is "http" or "https"
            ? hub
            : throw new FormatException($"HF_ENDPOINT is \"{text}\"; it must be an address such as {HubOrigin.DefaultEndpoint}.");

    private static TimeSpan ParseGrace(string text) =>
        double.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out double seconds) && seconds is >= 0 and <= 86400
            ? TimeSpan.FromSeconds(seconds)
            : throw new FormatException($"DS4_GRACE is \"{text}\"; it must be a number of seconds from 0 to 86400.");
}
