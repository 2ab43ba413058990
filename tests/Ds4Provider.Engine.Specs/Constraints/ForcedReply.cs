using System.Text.Json;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Constraints.Grammar;
using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Specs.Fixtures;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>Replies of a model that knows nothing: random logits under a constraint.</summary>
internal static class ForcedReply
{
    private static readonly VocabularyMasks Demo = new(Vocabularies.Demo);
    private static readonly VocabularyMasks Bytes = new(Vocabularies.Small());

    /// <summary>Rules under which one tool must be called.</summary>
    public static ReplyRules Calling(string schema, bool strict = false) => new()
    {
        Tools = [new ToolRule("act", JsonElement.Parse(schema), strict)],
        ToolUse = ToolUse.Required,
        ParallelCalls = false,
    };

    /// <summary>Rules under which the text must be JSON of a schema.</summary>
    public static ReplyRules Answering(string schema, bool strict = false) =>
        new() { Response = new ResponseShape(JsonElement.Parse(schema), strict) };

    public static ReplyGrammar Compile(ReplyRules rules, bool onlyBytes = false) => ReplyGrammar.Compile(rules, onlyBytes ? Bytes : Demo);

    /// <summary>A whole reply of random tokens.</summary>
    /// <param name="rules">What it must keep.</param>
    /// <param name="seed">Which one.</param>
    /// <param name="spare">Tokens that it may have beyond those of the shortest reply.</param>
    /// <param name="thinking">Whether it begins with reasoning.</param>
    /// <param name="onlyBytes">Whether the vocabulary has a token per byte and no other.</param>
    public static ReplyRun Run(ReplyRules rules, int seed, int spare = 400, bool thinking = false, bool onlyBytes = false)
    {
        var tokenizer = onlyBytes ? Vocabularies.Small() : Vocabularies.Demo;
        var grammar = Compile(rules, onlyBytes);
        return ReplyRun.Of(Sample(grammar, tokenizer, seed, grammar.MinimumTokens + (thinking ? 1 : 0) + spare, thinking), tokenizer, thinking);
    }

    /// <summary>Its tokens.</summary>
    public static List<int> Sample(ReplyGrammar grammar, ITokenizer tokenizer, int seed, int tokens, bool thinking = false) =>
        Sample(grammar.Begin(thinking), tokenizer, seed, tokens, visit: null);

    /// <summary>Its tokens; <paramref name="visit"/> sees the constraint and the mask before each.</summary>
    public static List<int> Sample(ITokenConstraint constraint, ITokenizer tokenizer, int seed, int tokens, Action<ITokenConstraint, TokenSet>? visit)
    {
        var random = new Random(seed);
        var sampler = new Sampler(new SamplingOptions { Seed = seed, MinP = 0, Temperature = random.Next(1, 4) });
        var logits = new float[tokenizer.VocabularySize];
        var sampled = new List<int>();
        while (sampled.Count < tokens && !constraint.IsComplete)
        {
            for (var token = 0; token < logits.Length; token++)
            {
                logits[token] = random.NextSingle() * 4;
            }

            var remaining = tokens - sampled.Count;
            var mask = constraint.Mask(remaining);
            mask.Count.ShouldBeGreaterThan(0);
            visit?.Invoke(constraint, mask);
            var taken = constraint.Accept(sampler.Sample(logits, mask), remaining);
            if (taken == tokenizer.Control.EndOfSentence)
            {
                break;
            }

            sampled.Add(taken);
        }

        return sampled;
    }

    /// <summary>The mask by its definition: token by token, byte by byte.</summary>
    public static List<int> NaiveMask(StateSet states, ITokenizer tokenizer)
    {
        var allowed = new List<int>();
        for (var token = 0; token < tokenizer.VocabularySize; token++)
        {
            int[] symbols = token == tokenizer.Control.Dsml ? [Symbol.Dsml]
                : token == tokenizer.Control.EndOfSentence ? [Symbol.End]
                : tokenizer.IsControl(token) ? []
                : [.. tokenizer.Bytes(token).ToArray().Select(value => (int)value)];
            var current = states;
            foreach (var symbol in symbols)
            {
                var next = new StateSet();
                current.Read(symbol, next);
                current = next;
            }

            if (symbols.Length > 0 && current.Count > 0)
            {
                allowed.Add(token);
            }
        }

        return allowed;
    }
}
