using System.Text.Json;
using Ds4Provider.Server.Http;
using Ds4Provider.Server.Requests;

namespace Ds4Provider.Server.Responses;

/// <summary>
/// The tools of a responses request: functions, groups of functions, custom tools and the client's tool search, each
/// under the name that the model sees, and the way back from that name to the item that the client expects.
/// </summary>
internal sealed class ResponsesTools
{
    public const string Search = "tool_search";

    /// <summary>Name of the one argument through which a custom tool gets its text.</summary>
    public const string CustomInput = "input";

    /// <summary>Beginnings of the types of tools that OpenAI runs itself; without it they do nothing and are left out.</summary>
    private static readonly string[] Hosted = ["web_search", "file_search", "code_interpreter", "image_generation", "mcp"];

    private static readonly JsonElement CustomParameters = ApiJson.Value(
        """{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}""");

    private static readonly JsonElement SearchParameters = ApiJson.Value(
        """{"type":"object","properties":{"query":{"type":"string"},"limit":{"type":"integer"}},"required":["query"]}""");

    private readonly Dictionary<string, CalledTool> called = new(StringComparer.Ordinal);

    public FunctionTools Functions { get; } = new();

    /// <summary>The name that the model sees of a tool in a group.</summary>
    public static string Join(string? group, string name) =>
        string.IsNullOrEmpty(group) ? name
        : group[^1] is '_' or '.' or '-' ? group + name
        : $"{group}__{name}";

    /// <summary>What a name that the model called stands for; a plain function when nobody offered it.</summary>
    public CalledTool Called(string name) => called.GetValueOrDefault(name) ?? new CalledTool(CalledKind.Function, name, null);

    /// <summary>Adds a list of tools.</summary>
    public void Add(JsonField tools, string? group = null)
    {
        if (tools.IsAbsent)
            return;
        foreach (JsonField tool in tools.Items())
            AddTool(tool, group);
    }

    /// <summary>Adds the tools that a search found; those that are offered already are passed over.</summary>
    public void AddFound(JsonField tools)
    {
        foreach (JsonField tool in tools.Items())
        {
            tool.Object();
            if (tool["type"].OptionalString() == "namespace" || !Functions.Contains(tool["name"].OptionalString() ?? ""))
                AddTool(tool, null);
        }
    }

    /// <summary>The prompt's name of a tool that a choice names.</summary>
    public string Named(JsonField choice)
    {
        string name = Join(choice["namespace"].OptionalString(), choice["name"].String());
        return Functions.Contains(name) ? name : throw choice["name"].Refuse($"'{name}' is not among the tools.");
    }

    private void AddTool(JsonField tool, string? group)
    {
        tool.Object();
        JsonField type = tool["type"];
        switch (type.OptionalString() ?? "function")
        {
            case "function":
                AddFunction(tool, group);
                break;
            case "namespace" when group is null:
                Add(tool["tools"], tool["name"].String());
                break;
            case "custom":
                AddCustom(tool, group);
                break;
            case Search:
                AddSearch(tool);
                break;
            case string other when Hosted.Any(hosted => other.StartsWith(hosted, StringComparison.Ordinal)):
                break;
            case string other:
                throw type.Refuse($"tools of the type '{other}' have no schema here; send a function with 'parameters'.", "unsupported_parameter");
        }
    }

    private void AddFunction(JsonField tool, string? group)
    {
        string name = tool["name"].String();
        string seen = Join(group, name);
        Functions.Add(seen, tool, tool["parameters"]);
        called[seen] = new CalledTool(CalledKind.Function, name, group);
    }

    private void AddCustom(JsonField tool, string? group)
    {
        string name = tool["name"].String();
        string seen = Join(group, name);
        string? description = tool["description"].OptionalString();
        // The grammar is not enforced; shown, it is followed most of the time.
        if (tool["format"].Value.ValueKind == JsonValueKind.Object && tool["format"]["definition"].OptionalString() is { } grammar)
            description = $"{description}\n\nThe input must follow this grammar:\n{grammar}";
        Functions.Add(seen, tool, description, CustomParameters);
        called[seen] = new CalledTool(CalledKind.Custom, name, group);
    }

    /// <summary>A search that the client executes; one that the service executes finds nothing here.</summary>
    private void AddSearch(JsonField tool)
    {
        if (tool["execution"].OptionalString() != "client")
            return;
        if (tool["parameters"].IsAbsent)
            Functions.Add(Search, tool, tool["description"].OptionalString(), SearchParameters);
        else
            Functions.Add(Search, tool, tool["parameters"]);
        called[Search] = new CalledTool(CalledKind.Search, Search, null);
    }
}

/// <summary>What a called name stands for.</summary>
/// <param name="Kind">Kind of tool.</param>
/// <param name="Name">Name that the client gave it.</param>
/// <param name="Namespace">Group that the client put it in.</param>
internal sealed record CalledTool(CalledKind Kind, string Name, string? Namespace);

/// <summary>Kind of a called tool.</summary>
internal enum CalledKind
{
    /// <summary>Arguments by a schema.</summary>
    Function,

    /// <summary>One text.</summary>
    Custom,

    /// <summary>The client's search among its tools.</summary>
    Search,
}
