using Clients.Specs.Installation;
using Clients.Specs.Running;
using Clients.Specs.Serving;

namespace Clients.Specs.Programs;

/// <summary>Claude Code, on the messages API.</summary>
internal sealed class ClaudeCode : IClientProgram
{
    public string Name => "Claude Code";

    public IReadOnlyList<NpmPackage> Packages { get; } = [PinnedPackages.ClaudeCode];

    public ShellTask Task { get; } = new("Bash", "command");

    public ClientCommand Prepare(Func<NpmPackage, string> pathOf, ClientFolder folder, Uri server) => new(
        pathOf(PinnedPackages.ClaudeCode),
        [
            "-p", "--dangerously-skip-permissions", "--output-format", "stream-json", "--include-partial-messages", "--verbose",
            ShellTask.Prompt,
        ],
        new Dictionary<string, string?>
        {
            ["ANTHROPIC_BASE_URL"] = server.ToString().TrimEnd('/'),
            ["ANTHROPIC_API_KEY"] = ClientServer.Key,
            ["ANTHROPIC_MODEL"] = ClientServer.Model,
            ["ANTHROPIC_SMALL_FAST_MODEL"] = ClientServer.Model,
            ["ANTHROPIC_DEFAULT_HAIKU_MODEL"] = ClientServer.Model,
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
            ["DISABLE_TELEMETRY"] = "1",
            ["DISABLE_ERROR_REPORTING"] = "1",
            ["DISABLE_AUTOUPDATER"] = "1",
            // Otherwise root may not run tools unasked, and continuous integration is often root.
            ["IS_SANDBOX"] = "1",
            ["CLAUDE_CODE_TMPDIR"] = folder.Temporary,
        });

    public int? PiecesShown(string output) => OutputEvents.Count(output, line =>
        (string?)line["type"] == "stream_event" && (string?)line["event"]?["delta"]?["type"] == "input_json_delta");
}
