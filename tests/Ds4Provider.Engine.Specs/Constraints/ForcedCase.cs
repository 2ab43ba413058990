using System.Text.Json;
using System.Text.Json.Nodes;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>
/// Random rules of a request, as every API can say them, and what a reply must then be, whatever is sampled and wherever
/// the tokens end.
/// </summary>
internal sealed class ForcedCase
{
    private readonly string[] _schemas;
    private readonly string? _response;

    public ForcedCase(Random random)
    {
        var strict = random.Next(3) == 0;
        _schemas = [.. Enumerable.Range(0, 1 + random.Next(3)).Select(_ => new RandomSchema(random, strict).Next().ToJsonString())];
        _response = random.Next(4) == 0 ? new RandomSchema(random, strict).Next().ToJsonString() : null;
        var named = random.Next(4) == 0;
        Rules = new ReplyRules
        {
            Tools = [.. _schemas.Select((schema, i) => new ToolRule("tool" + i, JsonElement.Parse(schema), strict))],
            ToolUse = named ? ToolUse.Required : (ToolUse)random.Next(3),
            OnlyTool = named ? "tool" + random.Next(_schemas.Length) : null,
            ParallelCalls = random.Next(2) == 0,
            Response = _response is not null ? new ResponseShape(JsonElement.Parse(_response), strict)
                : random.Next(6) == 0 ? new ResponseShape(null)
                : null,
        };
        Spare = random.Next(3) == 0 ? random.Next(4) : random.Next(120);
        Thinking = random.Next(2) == 0;
    }

    public ReplyRules Rules { get; }

    /// <summary>Tokens beyond those of the shortest reply.</summary>
    public int Spare { get; }

    public bool Thinking { get; }

    public override string ToString() =>
        $"{Rules.ToolUse} {Rules.OnlyTool}, parallel {Rules.ParallelCalls}, strict {Rules.Tools[0].IsStrict}, spare {Spare}, thinking {Thinking}\ntools {string.Join('\n', _schemas)}\nresponse {(Rules.Response is null ? "any" : _response ?? "JSON")}";

    /// <summary>Samples a reply.</summary>
    /// <param name="masks">The vocabulary.</param>
    /// <param name="choose">Plays the model: chooses a token of a mask.</param>
    public List<int> Sample(VocabularyMasks masks, Func<TokenSet, int> choose)
    {
        var grammar = ReplyGrammar.Compile(Rules, masks);
        var constraint = grammar.Begin(Thinking);
        var most = grammar.MinimumTokens + (Thinking ? 1 : 0) + Spare;
        var sampled = new List<int>();
        while (sampled.Count < most && !constraint.IsComplete)
        {
            var remaining = most - sampled.Count;
            var taken = constraint.Accept(choose(constraint.Mask(remaining)), remaining);
            if (taken == masks.Tokenizer.Control.EndOfSentence)
            {
                break;
            }

            sampled.Add(taken);
        }

        return sampled;
    }

    /// <summary>Holds a reply against the rules, by the format and the schemas alone.</summary>
    /// <returns>Number of calls.</returns>
    public int Check(IReadOnlyList<int> reply, VocabularyMasks masks)
    {
        var run = ReplyRun.Of(reply, masks.Tokenizer, Thinking, FinishReason.Length);
        CheckCalls(run, PlainCalls.Read(Block(reply, masks.Tokenizer), masks.Tokenizer) ?? []);
        if (run.Calls.Count == 0 && Rules.Response is not null)
        {
            run.Text.Length.ShouldBeGreaterThan(0);
            SchemaChecker.IsValid(_response ?? """{"type":"object"}""", run.Text).ShouldBeTrue(run.Text);
        }

        return run.Calls.Count;
    }

    private void CheckCalls(ReplyRun run, IReadOnlyList<(string Name, JsonObject Arguments)> plain)
    {
        run.Parser.IsComplete.ShouldBe(run.Calls.Count > 0);
        run.Calls.Count.ShouldBe(plain.Count);
        run.Events.OfType<CallEnded>().Count().ShouldBe(run.Calls.Count);
        run.Calls.Count.ShouldBeInRange(Rules.ToolUse == ToolUse.Required ? 1 : 0, Rules.ToolUse == ToolUse.None ? 0 : Rules.ParallelCalls && Rules.OnlyTool is null ? int.MaxValue : 1);
        foreach (var (call, read) in run.Calls.Zip(plain))
        {
            call.Name.ShouldBe(read.Name);
            (Rules.OnlyTool ?? call.Name).ShouldBe(call.Name);
            JsonNode.DeepEquals(JsonNode.Parse(call.Arguments), read.Arguments).ShouldBeTrue($"{call.Arguments} is not {read.Arguments}");
            SchemaChecker.IsValid(_schemas[call.Name[^1] - '0'], call.Arguments).ShouldBeTrue(call.Arguments);
        }
    }

    /// <summary>The block alone: free text before it may have bytes that are no characters.</summary>
    private static List<int> Block(IReadOnlyList<int> reply, ITokenizer tokenizer)
    {
        var tag = reply.ToList().IndexOf(tokenizer.Control.Dsml);
        var block = new List<int>();
        tokenizer.Encode(tag < 0 ? "" : "<", block);
        return tag < 0 ? block : [.. block, .. reply.Skip(tag)];
    }
}
