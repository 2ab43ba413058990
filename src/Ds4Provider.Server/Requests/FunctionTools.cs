using System.Text.Json;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>
/// The functions that a request offers, checked, under the names that the model sees. Not thread-safe; one per request.
/// </summary>
internal sealed class FunctionTools
{
    /// <summary>More than any agent offers; each costs prompt.</summary>
    private const int Most = 1024;
    private const int LongestName = 256;

    private readonly List<JsonElement> functions = [];
    private readonly Dictionary<string, string> paths = new(StringComparer.Ordinal);
    private readonly List<ToolRule> rules = [];
    private readonly Dictionary<string, string> schemaPaths = new(StringComparer.Ordinal);

    /// <summary>Function objects: <c>name</c>, <c>description</c>, <c>parameters</c>.</summary>
    public IReadOnlyList<JsonElement> Functions => functions;

    /// <summary>What limits their calls.</summary>
    public IReadOnlyList<ToolRule> Rules => rules;

    public bool Contains(string name) => paths.ContainsKey(name);

    /// <summary>The field that holds a function's schema.</summary>
    public string SchemaField(string name) => schemaPaths[name];

    /// <summary>Adds a function object as it came.</summary>
    public void Add(JsonField function)
    {
        function.Object();
        string name = function["name"].String();
        Register(name, function["name"], function);
        AddRule(name, function, function["parameters"]);
        functions.Add(function.Value.Clone());
    }

    /// <summary>Adds a function that an API spells differently, in the shape that the model was trained on.</summary>
    /// <param name="name">Name that the model sees.</param>
    /// <param name="tool">The tool as it came.</param>
    /// <param name="parameters">The field that holds its schema.</param>
    public void Add(string name, JsonField tool, JsonField parameters)
    {
        Register(name, tool["name"], tool);
        AddRule(name, tool, parameters);
        functions.Add(FunctionObject.Write(
            name, tool["description"].OptionalString(), parameters.IsAbsent ? null : parameters.Value));
    }

    /// <summary>Adds a function for a tool that has no schema of its own.</summary>
    /// <param name="name">Name that the model sees.</param>
    /// <param name="tool">The tool as it came.</param>
    /// <param name="description">What the model is told.</param>
    /// <param name="parameters">Schema of the arguments.</param>
    public void Add(string name, JsonField tool, string? description, JsonElement parameters)
    {
        Register(name, tool["name"], tool);
        rules.Add(new ToolRule(name, parameters));
        schemaPaths[name] = tool.Path;
        functions.Add(FunctionObject.Write(name, description, parameters));
    }

    /// <exception cref="ApiException">No such tool is offered.</exception>
    public string Named(JsonField name) =>
        Contains(name.String()) ? name.String() : throw name.Refuse($"'{name.String()}' is not among the tools.");

    private void Register(string name, JsonField field, JsonField tool)
    {
        if (functions.Count == Most)
            throw tool.Refuse($"more than {Most} tools are not served.");
        // The name stands in the model's markup; these characters would end or forge it.
        if (name.Length is 0 or > LongestName || name.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '"' or '<' or '>' or '｜'))
            throw field.Refuse($"a name has 1 to {LongestName} characters and no blanks, quotes or angle brackets.");
        if (!paths.TryAdd(name, tool.Path))
            throw field.Refuse($"'{name}' is the name of {paths[name]} already.");
    }

    private void AddRule(string name, JsonField tool, JsonField parameters)
    {
        _ = tool["description"].OptionalString();
        JsonElement? schema = parameters.IsAbsent ? null : parameters.Object().Clone();
        rules.Add(new ToolRule(name, schema, tool["strict"].OptionalBoolean() ?? false));
        schemaPaths[name] = parameters.Path;
    }
}
