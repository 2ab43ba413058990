using Clients.Specs.Installation;
using Clients.Specs.Running;
using Clients.Specs.Serving;

namespace Clients.Specs.Programs;

/// <summary>opencode, on chat completions. Beside its first request it sends another for the title of the session.</summary>
internal sealed class Opencode : IClientProgram
{
    private const string KeyVariable = "DS4_API_KEY";
    private const string KeyReference = "{env:" + KeyVariable + "}";

    public string Name => "opencode";

    public IReadOnlyList<NpmPackage> Packages { get; } = [PinnedPackages.Opencode];

    public ShellTask Task { get; } = new("bash", "command");

    public ClientCommand Prepare(Func<NpmPackage, string> pathOf, ClientFolder folder, Uri server)
    {
        string model = $"ds4/{ClientServer.Model}";
        folder.WriteHome(".config/opencode/opencode.json", $$$"""
            {"model":"{{{model}}}","small_model":"{{{model}}}","autoupdate":false,"share":"disabled",
             "provider":{"ds4":{"npm":"@ai-sdk/openai-compatible","name":"ds4",
              "options":{"baseURL":"{{{new Uri(server, "v1")}}}","apiKey":"{{{KeyReference}}}"},
              "models":{"{{{ClientServer.Model}}}":
               {"name":"ds4","reasoning":true,"tool_call":true,"limit":{"context":100000,"output":32000} } } } },
             "permission":{"bash":"allow","edit":"allow","webfetch":"deny"}}
            """);
        return new ClientCommand(
            pathOf(PinnedPackages.Opencode), ["run", "--format", "json", ShellTask.Prompt],
            new Dictionary<string, string?>
            {
                [KeyVariable] = ClientServer.Key,
                ["OPENCODE_DISABLE_AUTOUPDATE"] = "1",
                ["OPENCODE_DISABLE_MODELS_FETCH"] = "1",
                ["OPENCODE_DISABLE_DEFAULT_PLUGINS"] = "1",
                ["OPENCODE_DISABLE_LSP_DOWNLOAD"] = "1",
            });
    }

    public int? PiecesShown(string output) => null;
}
