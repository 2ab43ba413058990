using System.Runtime.InteropServices;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>
/// Whether an engine that could compute on a GPU does not: it works, many times slower than it should, and nothing else
/// would say so.
/// </summary>
internal static class GpuFallback
{
    /// <summary>Whether this machine has a GPU that the engine has kernels for.</summary>
    public static bool IsAppleSilicon => OperatingSystem.IsMacOS() && RuntimeInformation.OSArchitecture == Architecture.Arm64;

    /// <summary>What to tell those who use the model; null when there is nothing to tell.</summary>
    /// <param name="hasGpu">Whether there is a GPU.</param>
    /// <param name="computesOn">Backend and kernels, as the server says.</param>
    public static string? Notice(bool hasGpu, string? computesOn) =>
        hasGpu && computesOn is not null && !computesOn.StartsWith("metal", StringComparison.Ordinal)
            ? $"The engine computes on {computesOn} instead of this Mac's GPU, which is much slower: `ds4 doctor` says why."
            : null;
}
