using System.Runtime.InteropServices;

namespace Clients.Specs.Installation;

/// <summary>
/// The clients in the versions that these specifications were written with; change them here and nowhere else. Where a
/// vendor publishes a package per platform, that one is taken: what chooses it needs an install script.
/// </summary>
internal static class PinnedPackages
{
    private static readonly bool IsMac = OperatingSystem.IsMacOS();
    private static readonly bool IsArm = RuntimeInformation.ProcessArchitecture == Architecture.Arm64;
    private static readonly string Platform = (IsMac ? "darwin" : "linux") + (IsArm ? "-arm64" : "-x64");

    /// <summary>Runs Pi, which wants 22.19 or later; distributions often have an older one.</summary>
    public static NpmPackage Node { get; } = IsMac && IsArm
        ? new NpmPackage($"node-bin-{Platform}", "24.0.0", "bin/node")
        : new NpmPackage($"node-{Platform}", "24.21.0", "bin/node");

    public static NpmPackage Pi { get; } = new("@earendil-works/pi-coding-agent", "1.5.2", "dist/bundle/cli.js");

    public static NpmPackage Codex { get; } = new(
        "@openai/codex", $"0.169.0-{Platform}",
        $"vendor/{(IsArm ? "aarch64" : "x86_64")}-{(IsMac ? "apple-darwin" : "unknown-linux-musl")}/bin/codex");

    public static NpmPackage ClaudeCode { get; } = new($"@anthropic-ai/claude-code-{Platform}", "2.1.330", "claude");

    public static NpmPackage Opencode { get; } = new($"opencode-{Platform}", "1.18.33", "bin/opencode");

    /// <summary>A server of the chat completions API that answers with what it was asked.</summary>
    public static NpmPackage MockLlm { get; } = new("@dwmkerr/mock-llm", "0.1.29", "node_modules/@dwmkerr/mock-llm/dist/main.js")
    {
        DependenciesOf = "2026-11-20",
    };
}
