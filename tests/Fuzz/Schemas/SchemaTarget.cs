using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Fuzz.Schemas;

/// <summary>
/// Wild schemas of tools and responses: each compiles or is refused by name, in bounded time and memory, and what
/// compiled gives a reply that is closed.
/// </summary>
internal sealed class SchemaTarget : FuzzTarget
{
    private const long MostBytes = 1L << 30;
    private static readonly TimeSpan CompileTime = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan TokenTime = TimeSpan.FromSeconds(1);

    private readonly VocabularyMasks masks = new(Vocabularies.Small("to ol", "\" ,", "{ \"", "x x", "0 0"));

    public override string Name => "schemas";

    public override ValueTask<string> TryAsync(Random random, FuzzInput input)
    {
        JsonNode schema = WildSchema.Next(random);
        string text = schema.ToJsonString();
        bool strict = random.Once(4);
        bool asTool = random.Once(2);
        input.Is(() => $"{(strict ? "strict " : "")}{(asTool ? "tool" : "response")} {text}");
        if (Parse(text) is not { } parsed)
            return ValueTask.FromResult("too deep to arrive");
        ReplyRules rules = asTool
            ? new ReplyRules { Tools = [new ToolRule("act", parsed, strict)], ToolUse = ToolUse.Required, ParallelCalls = false }
            : new ReplyRules { Response = new ResponseShape(parsed, strict) };
        long start = Stopwatch.GetTimestamp();
        long bytes = GC.GetAllocatedBytesForCurrentThread();
        ReplyGrammar grammar;
        try
        {
            grammar = ReplyGrammar.Compile(rules, masks);
        }
        catch (SchemaException refused)
        {
            refused.Reason.ShouldNotBeNullOrWhiteSpace();
            return ValueTask.FromResult("refused");
        }
        finally
        {
            Stopwatch.GetElapsedTime(start).ShouldBeLessThan(CompileTime);
            (GC.GetAllocatedBytesForCurrentThread() - bytes).ShouldBeLessThan(MostBytes);
        }
        List<int> reply = [];
        input.Is(() => $"{(strict ? "strict " : "")}{(asTool ? "tool" : "response")} {text}\nreply {string.Join(' ', reply)}");
        Reply(grammar, asTool, random, reply);
        return ValueTask.FromResult("compiled");
    }

    /// <summary>As a request's body is parsed.</summary>
    private static JsonElement? Parse(string text)
    {
        try
        {
            return JsonElement.Parse(text, new JsonDocumentOptions { MaxDepth = 128 });
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private void Reply(ReplyGrammar grammar, bool asTool, Random random, List<int> tokens)
    {
        ITokenConstraint constraint = grammar.Begin(thinking: false);
        int most = grammar.MinimumTokens + random.Few(60);
        long start = Stopwatch.GetTimestamp();
        if (most > 2000)
            return; // its first token is as costly as any
        while (tokens.Count < most && !constraint.IsComplete)
        {
            TokenSet mask = constraint.Mask(most - tokens.Count);
            int[] allowed = [.. Enumerable.Range(0, mask.VocabularySize).Where(mask.Contains)];
            int pick = random.Of(allowed);
            int token = constraint.Accept(pick, most - tokens.Count);
            if (token == masks.Tokenizer.Control.EndOfSentence)
                break;
            tokens.Add(token);
        }
        (Stopwatch.GetElapsedTime(start) / (tokens.Count + 1)).ShouldBeLessThan(TokenTime);
        ReplyRun run = ReplyRun.Of(tokens, masks.Tokenizer, thinking: false, FinishReason.Length);
        if (asTool)
            run.Parser.IsComplete.ShouldBeTrue();
        else
            _ = JsonElement.Parse(run.Text);
    }
}
