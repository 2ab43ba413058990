using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Ds4Provider.Engine.Constraints.Masks;

namespace Ds4Provider.Engine.Constraints;

/// <summary>
/// The latest compiled grammars, by what they were compiled from: an agent sends the same tools with every request.
/// Thread-safe.
/// </summary>
internal sealed class ReplyGrammarCache(VocabularyMasks vocabulary)
{
    private const int Capacity = 64;

    private readonly Lock _gate = new();
    private readonly OrderedDictionary<string, ReplyGrammar> _byContent = new(StringComparer.Ordinal); // latest used last

    /// <exception cref="SchemaException">A schema cannot be served.</exception>
    /// <exception cref="ArgumentException">A tool is required that is not among the tools.</exception>
    public ReplyGrammar Compile(ReplyRules rules)
    {
        ArgumentNullException.ThrowIfNull(rules);
        var key = Key(rules);
        lock (_gate)
        {
            if (_byContent.Remove(key, out var known))
            {
                _byContent.Add(key, known);
                return known;
            }
        }

        var compiled = ReplyGrammar.Compile(rules, vocabulary);
        lock (_gate)
        {
            _byContent[key] = compiled;
            if (_byContent.Count > Capacity)
            {
                _byContent.RemoveAt(0);
            }
        }

        return compiled;
    }

    private static string Key(ReplyRules rules)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Add(hash, $"{rules.ToolUse} {rules.ParallelCalls} {rules.Tools.Count} {rules.Response is null} {rules.Response?.IsStrict}");
        Add(hash, rules.OnlyTool);
        Add(hash, Text(rules.Response?.Schema));
        foreach (var tool in rules.Tools)
        {
            Add(hash, tool.Name);
            Add(hash, tool.IsStrict ? "strict" : null);
            Add(hash, Text(tool.Parameters));
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static string? Text(JsonElement? schema) => schema?.GetRawText();

    /// <summary>Length and text, so that no two lists of parts look alike.</summary>
    private static void Add(IncrementalHash hash, string? part)
    {
        hash.AppendData(BitConverter.GetBytes(part?.Length ?? -1));
        hash.AppendData(Encoding.UTF8.GetBytes(part ?? ""));
    }
}
