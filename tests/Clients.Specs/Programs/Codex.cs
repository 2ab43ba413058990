using Clients.Specs.Installation;
using Clients.Specs.Running;
using Clients.Specs.Serving;

namespace Clients.Specs.Programs;

/// <summary>Codex, on the responses API.</summary>
internal sealed class Codex : IClientProgram
{
    private const string KeyVariable = "DS4_API_KEY";

    public string Name => "Codex";

    public IReadOnlyList<NpmPackage> Packages { get; } = [PinnedPackages.Codex];

    public ShellTask Task { get; } = new("exec_command", "cmd");

    public ClientCommand Prepare(Func<NpmPackage, string> pathOf, ClientFolder folder, Uri server)
    {
        folder.WriteHome(".codex/config.toml", $"""
            model = "{ClientServer.Model}"
            model_provider = "ds4"
            approval_policy = "never"
            sandbox_mode = "danger-full-access"
            check_for_update_on_startup = false
            [analytics]
            enabled = false
            [model_providers.ds4]
            name = "ds4"
            base_url = "{new Uri(server, "v1")}"
            wire_api = "responses"
            env_key = "{KeyVariable}"
            request_max_retries = 0
            stream_max_retries = 0

            """);
        return new ClientCommand(
            pathOf(PinnedPackages.Codex), ["exec", "--json", "--skip-git-repo-check", ShellTask.Prompt],
            new Dictionary<string, string?> { [KeyVariable] = ClientServer.Key, ["CODEX_HOME"] = Path.Combine(folder.Home, ".codex") });
    }

    public int? PiecesShown(string output) => null;
}
