using Ds4Provider.Engine.Constraints;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Messages;

/// <summary>Reads the tools and the choice of a messages request.</summary>
internal static class MessagesTools
{
    /// <summary>Beginnings of the types of tools that Anthropic runs itself; without it they do nothing and are left out.</summary>
    private static readonly string[] Hosted = ["web_search", "web_fetch", "code_execution", "tool_search_tool", "mcp_toolset", "advisor"];

    public static FunctionTools Parse(JsonField tools)
    {
        var functions = new FunctionTools();
        if (tools.IsAbsent)
            return functions;
        foreach (JsonField tool in tools.Items())
        {
            tool.Object();
            string type = tool["type"].OptionalString() ?? "custom";
            if (type == "custom")
                functions.Add(tool["name"].String(), tool, tool["input_schema"]);
            else if (!Hosted.Any(hosted => type.StartsWith(hosted, StringComparison.Ordinal)))
                throw tool["type"].Refuse($"tools of the type '{type}' have no schema here; send a custom tool with 'input_schema'.", "unsupported_parameter");
        }
        return functions;
    }

    public static ReplyRules ParseChoice(JsonField choice, ReplyRules rules, FunctionTools tools)
    {
        if (choice.IsAbsent)
            return rules;
        choice.Object();
        JsonField type = choice["type"];
        rules = rules with { ParallelCalls = choice["disable_parallel_tool_use"].OptionalBoolean() != true };
        return type.String() switch
        {
            "auto" => rules,
            "none" => rules with { ToolUse = ToolUse.None },
            "any" => rules with { ToolUse = RuleFields.Required(choice, rules) },
            "tool" => RuleFields.Only(tools.Named(choice["name"]), rules),
            _ => throw type.Unexpected("'auto', 'any', 'tool' or 'none'"),
        };
    }
}
