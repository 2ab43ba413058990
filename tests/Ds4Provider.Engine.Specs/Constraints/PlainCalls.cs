using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>
/// A block of calls read by pattern from a whole reply, as its format is written down and by nothing of the engine: to
/// hold against what the engine's parser makes of the same tokens.
/// </summary>
internal static partial class PlainCalls
{
    /// <summary>Stands for the control token of tags; no text of a vocabulary has it.</summary>
    private const char Tag = '\uF8FF';

    /// <summary>The calls of a reply, each its name and its arguments; null where there is no block, and no block is malformed.</summary>
    public static IReadOnlyList<(string Name, JsonObject Arguments)>? Read(IEnumerable<int> tokens, ITokenizer tokenizer)
    {
        var bytes = new List<byte>();
        foreach (var token in tokens)
        {
            bytes.AddRange(token == tokenizer.Control.Dsml ? Encoding.UTF8.GetBytes([Tag]) : tokenizer.Bytes(token).ToArray());
        }

        var text = new UTF8Encoding(false, throwOnInvalidBytes: true).GetString([.. bytes]);
        if (!text.Contains(Tag, StringComparison.Ordinal))
        {
            return null;
        }

        var block = Block().Match(text);
        block.Success.ShouldBeTrue(text);
        return [.. block.Groups["call"].Captures.Select(call => Read(call.Value))];
    }

    private static (string Name, JsonObject Arguments) Read(string call)
    {
        var match = Call().Match(call);
        match.Success.ShouldBeTrue(call);
        var arguments = new JsonObject();
        for (var i = 0; i < match.Groups["name"].Captures.Count; i++)
        {
            var value = match.Groups["value"].Captures[i].Value;
            arguments.Add(
                match.Groups["name"].Captures[i].Value,
                match.Groups["string"].Captures[i].Value == "true" ? JsonValue.Create(value) : JsonNode.Parse(value));
        }

        return (match.Groups["tool"].Value, arguments);
    }

    [GeneratedRegex("<\uF8FFtool_calls>\n(?<call><\uF8FFinvoke .*?</\uF8FFinvoke>\n)+</\uF8FFtool_calls>$", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex(
        "^<\uF8FFinvoke name=\"(?<tool>[^\"]+)\">\n(?:\n|(?:<\uF8FFparameter name=\"(?<name>[^\"]*)\" string=\"(?<string>true|false)\">(?<value>[^\uF8FF]*?)</\uF8FFparameter>\n)+)</\uF8FFinvoke>\n$",
        RegexOptions.Singleline)]
    private static partial Regex Call();
}
