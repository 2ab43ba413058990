using System.Security.Cryptography;
using Agent.Prompt;
using Agent.Specs.Support;

namespace Agent.Specs.Tools;

/// <summary>The demo model is trained on these texts; a changed byte is a changed prompt.</summary>
public sealed class ToolTextSpecs
{
    [Fact]
    public void The_system_prompt_is_the_one_that_the_demo_model_knows() =>
        Hash(AgentPrompt.System).ShouldBe("60c34cfea9f10919");

    [Fact]
    public void The_tools_are_described_in_the_order_that_the_demo_model_knows()
    {
        AgentPrompt.Tools.Select(tool => tool.Name).ShouldBe(["read", "bash", "edit", "write"]);
        Hash(string.Join('\n', AgentPrompt.Tools.Select(tool => $"{tool.Name}\n{tool.Description}\n{tool.Parameters.GetRawText()}")))
            .ShouldBe("a346e1c8726a4b50");
    }

    [Fact]
    public void Every_described_tool_exists()
    {
        using TemporaryFolder folder = new();

        new ToolCalls(folder.Path).Tools.Select(tool => tool.Name).ShouldBe(["read", "bash", "edit", "write"]);
    }

    private static string Hash(string text) =>
        Convert.ToHexStringLower(SHA256.HashData(System.Text.Encoding.UTF8.GetBytes(text)))[..16];
}
