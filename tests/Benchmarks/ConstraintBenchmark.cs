using System.Text.Json;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Constraints.Masks;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks;

/// <summary>What the server does per token of a block of calls, besides the engine: mask, state, parser.</summary>
internal sealed class ConstraintBenchmark(BytePairTokenizer tokenizer)
{
    private const int Replies = 60;
    private const int Tokens = 500;
    private const int Passes = 5;

    private readonly VocabularyMasks _vocabulary = new(tokenizer);
    private readonly ReplyRules _rules = new()
    {
        Tools = [.. ToolSet.Schemas.Select(tool => new ToolRule(tool.Name, JsonElement.Parse(tool.Schema)))],
        ToolUse = ToolUse.Required,
    };

    public void Run()
    {
        var setup = new Percentiles("prepare the vocabulary (once per model)");
        setup.Measure(() => _ = new VocabularyMasks(tokenizer));
        setup.Print();

        var compile = new Percentiles("compile 12 tools (once per set)");
        for (var i = 0; i < 200; i++)
        {
            compile.Measure(() => ReplyGrammar.Compile(_rules, _vocabulary));
        }

        compile.Print();
        Follow("a typical call", seed => Script(ToolSet.Calls[seed % ToolSet.Calls.Length]));
        Follow("a call of random tokens", _ => null);
    }

    private int[] Script(string text)
    {
        var tokens = new List<int>();
        var parts = text.Split("｜DSML｜");
        for (var i = 0; i < parts.Length; i++)
        {
            if (i > 0)
            {
                tokens.Add(tokenizer.Control.Dsml);
            }

            tokenizer.Encode(parts[i], tokens);
        }

        return [.. tokens];
    }

    private void Follow(string what, Func<int, int[]?> script)
    {
        var grammar = ReplyGrammar.Compile(_rules, _vocabulary);
        WarmUp.Run(seed => Follow(grammar, script(seed), seed, new(""), new("")));
        Percentiles masks = new($"mask, {what}"), whole = new($"mask, state and parser, {what}");
        for (var seed = 0; seed < Replies; seed++)
        {
            // The tokens of the first time are replayed: a token's time is the least of several passes.
            var tokens = Follow(grammar, script(seed), seed, masks, whole);
            for (var pass = 1; pass < Passes; pass++)
            {
                masks.Rewind(tokens.Length);
                whole.Rewind(tokens.Length);
                Follow(grammar, tokens, seed, masks, whole);
            }
        }

        masks.Print();
        whole.Print();
    }

    private int[] Follow(ReplyGrammar grammar, int[]? script, int seed, Percentiles masks, Percentiles whole)
    {
        var random = new Random(seed);
        var constraint = grammar.Begin(thinking: false);
        var parser = new ReplyParser(tokenizer, thinking: false, allowCalls: true, valuesAreJson: true, () => "call");
        var events = new List<ReplyEvent>();
        var taken = new List<int>();
        while (taken.Count < (script?.Length ?? Tokens) && !constraint.IsComplete)
        {
            var remaining = Tokens + 1_000 - taken.Count;
            TokenSet? mask = null;
            masks.Measure(() => mask = constraint.Mask(remaining));
            var token = script?[taken.Count] ?? Any(mask!, random);
            if (!mask!.Contains(token))
            {
                throw new InvalidOperationException($"The grammar refuses token {taken.Count} of a typical call.");
            }

            whole.Measure(() =>
            {
                constraint.Mask(remaining);
                parser.Push(constraint.Accept(token, remaining), events);
            });
            events.Clear();
            taken.Add(token);
        }

        return [.. taken];
    }

    private static int Any(TokenSet mask, Random random)
    {
        var skip = random.Next(mask.Count);
        for (var block = 0; ; block++)
        {
            var count = System.Numerics.BitOperations.PopCount(mask.Words[block]);
            if (skip >= count)
            {
                skip -= count;
                continue;
            }

            var word = mask.Words[block];
            for (; skip > 0; skip--)
            {
                word &= word - 1;
            }

            return (block * 64) + System.Numerics.BitOperations.TrailingZeroCount(word);
        }
    }
}
