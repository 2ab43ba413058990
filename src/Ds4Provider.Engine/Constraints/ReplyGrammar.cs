using Ds4Provider.Engine.Constraints.Grammar;
using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Constraints.Schemas;

namespace Ds4Provider.Engine.Constraints;

/// <summary>What the replies to one kind of request must keep, compiled. Immutable and thread-safe.</summary>
public sealed class ReplyGrammar
{
    private const int LongestParameterName = 1_000;

    private readonly VocabularyMasks _vocabulary;
    private readonly CallsRule? _calls;
    private readonly StateSet? _start;

    private ReplyGrammar(VocabularyMasks vocabulary, CallsRule? calls, ValueRule? response, bool callsRequired)
    {
        _vocabulary = vocabulary;
        _calls = calls;
        if (response is not null || callsRequired)
        {
            _start = new StateSet();
            if (calls is not null)
            {
                _start.Add(calls.Begin());
            }

            if (response is not null && !callsRequired)
            {
                response.Begin(EndState.Instance, _start);
            }

            MinimumTokens = new ShortestEnding(vocabulary).Of(_start).Count;
        }
    }

    /// <summary>Whether a reply may call tools.</summary>
    public bool AllowsCalls => _calls is not null;

    /// <summary>
    /// Tokens of the shortest reply that keeps the rules, without reasoning; a reply with reasoning needs one more. Ask
    /// for fewer, and no reply can keep them.
    /// </summary>
    public int MinimumTokens { get; }

    /// <summary>Begins a reply.</summary>
    /// <param name="thinking">Whether the prompt was rendered with thinking.</param>
    public ITokenConstraint Begin(bool thinking) => new ReplyConstraint(_vocabulary, _calls, _start, thinking);

    /// <exception cref="SchemaException">A schema cannot be served.</exception>
    /// <exception cref="ArgumentException">The only tool is not among the tools, or there is none where one is required.</exception>
    internal static ReplyGrammar Compile(ReplyRules rules, VocabularyMasks vocabulary)
    {
        var tools = rules.ToolUse == ToolUse.None ? [] : rules.Tools.Where(tool => rules.OnlyTool is null || tool.Name == rules.OnlyTool).ToList();
        var required = rules.ToolUse == ToolUse.Required;
        if (tools.Count == 0 && (required || (rules.OnlyTool is not null && rules.ToolUse != ToolUse.None)))
        {
            throw new ArgumentException($"There is no tool{(rules.OnlyTool is { } name ? $" '{name}'" : "")} to call.", nameof(rules));
        }

        var calls = tools.Count == 0 ? null : new CallsRule(
            [.. tools.Select(Compile)], rules.ParallelCalls && rules.OnlyTool is null ? int.MaxValue : 1);
        return new ReplyGrammar(vocabulary, calls, rules.Response is { } response ? Compile(response) : null, required);
    }

    private static CallableTool Compile(ToolRule tool)
    {
        if (tool.Parameters is not { } schema)
        {
            return new CallableTool(tool.Name, SchemaCompiler.CompileObjects(tool.Name, AnyObject.Schema, strict: false));
        }

        var objects = SchemaCompiler.CompileObjects(tool.Name, schema, tool.IsStrict);
        foreach (var name in objects.SelectMany(rule => rule.Properties).Select(property => property.Name))
        {
            if (name.Length > LongestParameterName)
            {
                throw new SchemaException(tool.Name, "/properties", $"the name of a parameter is longer than {LongestParameterName} characters, of which the model's markup makes no tag.");
            }

            if (name.Any(character => character == '"' || char.IsControl(character)))
            {
                throw new SchemaException(tool.Name, "/properties", $"the model's markup has no way to write a parameter named '{name}'; use a name without quotation marks and control characters.");
            }
        }

        return new CallableTool(tool.Name, objects);
    }

    private static ValueRule Compile(ResponseShape response) =>
        SchemaCompiler.Compile(null, response.Schema ?? AnyObject.Schema, response.Schema is not null && response.IsStrict);
}
