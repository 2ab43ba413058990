using Clients.Specs.Installation;
using Clients.Specs.Running;
using Clients.Specs.Serving;

namespace Clients.Specs.Programs;

/// <summary>Pi, which speaks all three APIs.</summary>
/// <param name="api">The API as Pi calls it.</param>
internal sealed class Pi(string api) : IClientProgram
{
    public const string ChatCompletions = "openai-completions";
    public const string Responses = "openai-responses";
    public const string Messages = "anthropic-messages";

    private const string KeyVariable = "DS4_API_KEY";

    public string Name => $"Pi on {api}";

    public IReadOnlyList<NpmPackage> Packages { get; } = [PinnedPackages.Node, PinnedPackages.Pi];

    public ShellTask Task { get; } = new("bash", "command");

    public ClientCommand Prepare(Func<NpmPackage, string> pathOf, ClientFolder folder, Uri server)
    {
        // Clients of the messages API add the version themselves.
        var address = api == Messages ? server : new Uri(server, "v1");
        folder.WriteHome(".pi/agent/models.json", $$"""
            {"providers":{"ds4":{"name":"ds4","baseUrl":"{{address.ToString().TrimEnd('/')}}","api":"{{api}}","apiKey":"${{KeyVariable}}",
             "compat":{"supportsStore":false,"supportsDeveloperRole":false,"supportsReasoningEffort":true,"supportsUsageInStreaming":true,
              "maxTokensField":"max_tokens","thinkingFormat":"deepseek","requiresReasoningContentOnAssistantMessages":true},
             "models":[{"id":"{{ClientServer.Model}}","reasoning":true,"input":["text"],"contextWindow":100000,"maxTokens":32000,
              "cost":{"input":0,"output":0,"cacheRead":0,"cacheWrite":0} } ] } } }
            """);
        return new ClientCommand(
            pathOf(PinnedPackages.Node),
            [
                // No extensions, skills, templates, context files, project settings.
                pathOf(PinnedPackages.Pi), "--mode", "json", "--no-session", "-ne", "-ns", "-np", "-nc", "-na",
                "--provider", "ds4", "--model", ClientServer.Model, "--thinking", "high", ShellTask.Prompt,
            ],
            new Dictionary<string, string?>
            {
                [KeyVariable] = ClientServer.Key,
                ["PI_OFFLINE"] = "1",
                ["PI_TELEMETRY"] = "0",
                ["PI_SKIP_VERSION_CHECK"] = "1",
            });
    }

    public int? PiecesShown(string output) => OutputEvents.Count(output, line =>
        (string?)line["type"] == "message_update" && (string?)line["assistantMessageEvent"]?["type"] == "toolcall_delta");
}
