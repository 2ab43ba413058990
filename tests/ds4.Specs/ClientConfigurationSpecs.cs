using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Specs;

public sealed class ClientConfigurationSpecs
{
    private static readonly ClientConfigurations Configurations = new(
        new Ready("/run/s.sock", "deepseek-v4-flash", 262144) { DisplayName = "DeepSeek V4 Flash (q2-imatrix)" },
        new Listening("http://127.0.0.1:18400/", "key-123"));

    [Fact]
    public void Pi_gets_a_provider_with_address_key_and_context()
    {
        JsonNode provider = Json("pi")["providers"]!["ds4"]!;

        provider["baseUrl"]!.GetValue<string>().ShouldBe("http://127.0.0.1:18400/v1");
        provider["apiKey"]!.GetValue<string>().ShouldBe("key-123");
        provider["models"]![0]!["id"]!.GetValue<string>().ShouldBe("deepseek-v4-flash");
        provider["models"]![0]!["contextWindow"]!.GetValue<int>().ShouldBe(262144);
    }

    [Fact]
    public void Opencode_gets_a_provider_with_address_key_and_context()
    {
        JsonNode provider = Json("opencode")["provider"]!["ds4"]!;

        provider["options"]!["baseURL"]!.GetValue<string>().ShouldBe("http://127.0.0.1:18400/v1");
        provider["options"]!["apiKey"]!.GetValue<string>().ShouldBe("key-123");
        provider["models"]!["deepseek-v4-flash"]!["limit"]!["context"]!.GetValue<int>().ShouldBe(262144);
    }

    [Fact]
    public void Claude_Code_gets_the_address_without_version() =>
        Configurations.Of("claude").ShouldContain("export ANTHROPIC_BASE_URL=http://127.0.0.1:18400\n");

    [Fact]
    public void Codex_gets_a_provider_of_the_responses_api()
    {
        string text = Configurations.Of("codex");

        text.ShouldContain("base_url = \"http://127.0.0.1:18400/v1\"\nwire_api = \"responses\"");
        text.ShouldContain("export DS4_API_KEY=key-123");
    }

    private static JsonNode Json(string client)
    {
        string text = Configurations.Of(client);
        return JsonNode.Parse(text[text.IndexOf('{', StringComparison.Ordinal)..])!;
    }
}
