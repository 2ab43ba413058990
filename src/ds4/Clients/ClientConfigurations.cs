using System.Text.Json.Nodes;
using Ds4Provider.Cli.Output;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Clients;

/// <summary>What other coding agents must be told to use the server, ready to paste.</summary>
/// <param name="ready">The model.</param>
/// <param name="listening">Where it answers.</param>
internal sealed class ClientConfigurations(Ready ready, Listening listening)
{
    private readonly string _base = listening.Address.TrimEnd('/');

    private string OpenAi => _base + "/v1";

    private string Name => ready.DisplayName ?? ready.Model;

    /// <summary>Replies longer than a third of the context leave too little of it for the question.</summary>
    private int LongestReply => Math.Max(1, ready.ContextWindow / 3);

    /// <summary>The names that <see cref="Of"/> knows.</summary>
    public static IReadOnlyList<string> Clients { get; } = ["pi", "claude", "codex", "opencode"];

    /// <summary>The configuration of a client, with the place where it goes.</summary>
    /// <exception cref="ArgumentException">The client is not known.</exception>
    public string Of(string client) => client switch
    {
        "pi" => $"Pi, in ~/.pi/agent/models.json:\n\n{JsonOutput.Format(Pi(), indented: true)}\n",
        "claude" => $"Claude Code, in the shell:\n\n{Claude()}\n",
        "codex" => $"Codex, in ~/.codex/config.toml:\n\n{Codex()}\n",
        "opencode" => $"opencode, in ~/.config/opencode/opencode.json:\n\n{JsonOutput.Format(OpenCode(), indented: true)}\n",
        _ => throw new ArgumentException($"There is no configuration for {client}.", nameof(client)),
    };

    private JsonObject Pi() => new()
    {
        ["providers"] = new JsonObject
        {
            ["ds4"] = new JsonObject
            {
                ["name"] = "ds4",
                ["baseUrl"] = OpenAi,
                ["api"] = "openai-completions",
                ["apiKey"] = listening.ApiKey,
                ["compat"] = new JsonObject
                {
                    ["supportsStore"] = false,
                    ["supportsDeveloperRole"] = false,
                    ["supportsReasoningEffort"] = true,
                    ["supportsUsageInStreaming"] = true,
                    ["maxTokensField"] = "max_tokens",
                    ["thinkingFormat"] = "deepseek",
                    ["requiresReasoningContentOnAssistantMessages"] = true,
                },
                ["models"] = new JsonArray(new JsonObject
                {
                    ["id"] = ready.Model,
                    ["name"] = Name,
                    ["reasoning"] = true,
                    ["input"] = new JsonArray("text"),
                    ["contextWindow"] = ready.ContextWindow,
                    ["maxTokens"] = LongestReply,
                    ["cost"] = new JsonObject { ["input"] = 0, ["output"] = 0, ["cacheRead"] = 0, ["cacheWrite"] = 0 },
                }),
            },
        },
    };

    private string Claude() =>
        $"""
        export ANTHROPIC_BASE_URL={_base}
        export ANTHROPIC_API_KEY={listening.ApiKey}
        export ANTHROPIC_MODEL={ready.Model} ANTHROPIC_SMALL_FAST_MODEL={ready.Model} ANTHROPIC_DEFAULT_HAIKU_MODEL={ready.Model}
        export CLAUDE_CODE_MAX_CONTEXT_TOKENS={ready.ContextWindow}
        """;

    private string Codex() =>
        $"""
        model = "{ready.Model}"
        model_provider = "ds4"

        [model_providers.ds4]
        name = "ds4"
        base_url = "{OpenAi}"
        wire_api = "responses"
        env_key = "DS4_API_KEY"

        and in the shell: export DS4_API_KEY={listening.ApiKey}
        """;

    private JsonObject OpenCode() => new()
    {
        ["$schema"] = "https://opencode.ai/config.json",
        ["model"] = $"ds4/{ready.Model}",
        ["small_model"] = $"ds4/{ready.Model}",
        ["provider"] = new JsonObject
        {
            ["ds4"] = new JsonObject
            {
                ["npm"] = "@ai-sdk/openai-compatible",
                ["name"] = "ds4",
                ["options"] = new JsonObject { ["baseURL"] = OpenAi, ["apiKey"] = listening.ApiKey },
                ["models"] = new JsonObject
                {
                    [ready.Model] = new JsonObject
                    {
                        ["name"] = Name,
                        ["reasoning"] = true,
                        ["tool_call"] = true,
                        ["limit"] = new JsonObject { ["context"] = ready.ContextWindow, ["output"] = LongestReply },
                    },
                },
            },
        },
    };
}
