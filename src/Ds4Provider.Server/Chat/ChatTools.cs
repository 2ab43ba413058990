using System.Text.Json;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Chat;

/// <summary>Reads the tools that a client offers.</summary>
internal static class ChatTools
{
    private const int LongestName = 256;

    /// <summary>The function objects, as they came.</summary>
    public static IReadOnlyList<JsonElement> Parse(JsonField tools)
    {
        if (tools.IsAbsent)
            return [];
        var functions = new List<JsonElement>();
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (JsonField tool in tools.Items())
        {
            tool.Object();
            if ((tool["type"].OptionalString() ?? "function") != "function")
                throw tool["type"].Refuse("only tools of the type 'function' are served.", "unsupported_parameter");
            JsonField function = tool["function"];
            CheckFunction(function);
            string name = function["name"].String();
            if (!names.TryAdd(name, function.Path))
                throw function["name"].Refuse($"'{name}' is the name of {names[name]} already.");
            functions.Add(function.Value.Clone());
        }
        return functions;
    }

    private static void CheckFunction(JsonField function)
    {
        function.Object();
        JsonField name = function["name"];
        string text = name.String();
        // The name stands in the model's markup; these characters would end or forge it.
        if (text.Length is 0 or > LongestName || text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c) || c is '"' or '<' or '>' or '｜'))
            throw name.Refuse($"a name has 1 to {LongestName} characters and no blanks, quotes or angle brackets.");
        _ = function["description"].OptionalString();
        if (!function["parameters"].IsAbsent)
            function["parameters"].Object();
    }
}
