using System.Text.Json;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>
/// Reads what a request asks of its reply. OpenAI's two APIs differ in depth only: chat completions nests names and
/// schemas one level deeper (<c>function.name</c>, <c>json_schema.schema</c>) than responses do.
/// </summary>
internal static class RuleFields
{
    private static readonly JsonElement AnyObject = JsonElement.Parse("""{"type": "object"}""");

    /// <summary>The schema that the model is shown; when any object will do, it is told so.</summary>
    public static JsonElement? Shown(ResponseShape? response) => response is null ? null : response.Schema ?? AnyObject;

    /// <summary>Reads <c>tool_choice</c> as OpenAI spells it.</summary>
    /// <param name="choice">The field.</param>
    /// <param name="rules">Rules that have the tools.</param>
    /// <param name="nameOf">The prompt's name of a tool that the choice names; refuses those that are not offered.</param>
    public static ReplyRules ParseChoice(JsonField choice, ReplyRules rules, Func<JsonField, string> nameOf)
    {
        if (choice.IsAbsent)
            return rules;
        if (choice.Value.ValueKind == JsonValueKind.String)
            return rules with { ToolUse = ParseUse(choice, rules) };
        choice.Object();
        JsonField type = choice["type"];
        switch (type.String())
        {
            case "function" or "custom":
                JsonField nested = choice[type.String()];
                return Only(nameOf(nested.IsAbsent ? choice : nested), rules);
            case "allowed_tools":
                return ParseAllowed(choice["allowed_tools"].IsAbsent ? choice : choice["allowed_tools"], rules, nameOf);
            default:
                throw type.Unexpected("'function', 'custom' or 'allowed_tools'");
        }
    }

    /// <summary>One tool must be called.</summary>
    public static ReplyRules Only(string tool, ReplyRules rules) => rules with { ToolUse = ToolUse.Required, OnlyTool = tool };

    /// <summary>Any tool must be called.</summary>
    public static ToolUse Required(JsonField choice, ReplyRules rules) => rules.Tools.Count > 0
        ? ToolUse.Required
        : throw choice.Refuse("a call is required, but there are no tools; send 'tools'.");

    /// <summary>Reads <c>response_format</c>, <c>text.format</c> or <c>output_config.format</c>.</summary>
    /// <param name="format">The field.</param>
    /// <param name="nested">The member that holds the schema, or null when the format itself does.</param>
    public static ResponseShape? ParseFormat(JsonField format, string? nested)
    {
        if (format.IsAbsent)
            return null;
        format.Object();
        JsonField type = format["type"];
        return type.String() switch
        {
            "text" => null,
            "json_object" => new ResponseShape(null),
            "json_schema" => ParseSchema(nested is null ? format : format[nested]),
            _ => throw type.Unexpected("'text', 'json_object' or 'json_schema'"),
        };
    }

    /// <summary>Without a schema nothing is asked for but JSON.</summary>
    private static ResponseShape ParseSchema(JsonField holder)
    {
        holder.Object();
        _ = holder["name"].OptionalString();
        JsonField schema = holder["schema"];
        return new ResponseShape(schema.IsAbsent ? null : schema.Object().Clone(), holder["strict"].OptionalBoolean() ?? false);
    }

    private static ReplyRules ParseAllowed(JsonField allowed, ReplyRules rules, Func<JsonField, string> nameOf)
    {
        HashSet<string> names = [.. allowed["tools"].Items().Select(tool => nameOf(tool["function"].IsAbsent ? tool : tool["function"]))];
        ReplyRules fewer = rules with { Tools = [.. rules.Tools.Where(tool => names.Contains(tool.Name))] };
        return allowed["mode"].IsAbsent ? fewer : fewer with { ToolUse = ParseUse(allowed["mode"], fewer) };
    }

    private static ToolUse ParseUse(JsonField choice, ReplyRules rules) => choice.String() switch
    {
        "auto" => ToolUse.Auto,
        "none" => ToolUse.None,
        "required" => Required(choice, rules),
        _ => throw choice.Unexpected("'none', 'auto', 'required' or an object that names a function"),
    };
}
