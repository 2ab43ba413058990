using System.ComponentModel;
using System.Text.Json;
using Microsoft.Extensions.AI;

namespace AgentHost.Specs;

public sealed class ToolDefinitionSpecs
{
    [Fact]
    public async Task A_function_becomes_a_tool_with_its_name_description_and_schema()
    {
        ToolDefinition tool = ToolDefinition.From(AIFunctionFactory.Create(Add, "add", "Adds two numbers."));

        tool.Name.ShouldBe("add");
        tool.Description.ShouldBe("Adds two numbers.");
        tool.Schema.GetProperty("properties").TryGetProperty("left", out _).ShouldBeTrue();
        (await CallAsync(tool, """{"left":2,"right":40}""")).ShouldBe(new ToolResult("42"));
    }

    [Fact]
    public async Task A_text_result_is_given_as_it_is()
    {
        ToolDefinition tool = ToolDefinition.From(AIFunctionFactory.Create(() => "a \"text\"\n", "say"));

        (await CallAsync(tool, "{}")).Text.ShouldBe("a \"text\"\n");
    }

    [Fact]
    public async Task An_object_result_is_given_as_JSON()
    {
        ToolDefinition tool = ToolDefinition.From(AIFunctionFactory.Create(() => new { name = "x", count = 3 }, "describe"));

        (await CallAsync(tool, "{}")).Text.ShouldBe("""{"name":"x","count":3}""");
    }

    [Fact]
    public async Task No_result_is_an_empty_text()
    {
        ToolDefinition tool = ToolDefinition.From(AIFunctionFactory.Create(() => (string?)null, "nothing"));

        (await CallAsync(tool, "{}")).Text.ShouldBeEmpty();
    }

    private static int Add([Description("First")] int left, [Description("Second")] int right) => left + right;

    private static async Task<ToolResult> CallAsync(ToolDefinition tool, string arguments) =>
        await tool.ExecuteAsync(new ToolCall("call_1", JsonElement.Parse(arguments)), TestContext.Current.CancellationToken);
}
