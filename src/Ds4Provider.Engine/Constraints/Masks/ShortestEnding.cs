using Ds4Provider.Engine.Constraints.Grammar;

namespace Ds4Provider.Engine.Constraints.Masks;

/// <summary>Finds the tokens that bring a reply to its end with as few symbols as possible. Thread-safe.</summary>
internal sealed class ShortestEnding(VocabularyMasks vocabulary)
{
    /// <summary>The tokens; the end-of-sentence is not among them.</summary>
    public IReadOnlyList<int> Of(StateSet states)
    {
        var symbols = new List<int>();
        for (GrammarState? state = states.Cheapest(); state is not null;)
        {
            state = state.WriteShortest(symbols);
        }

        return Tokens(symbols);
    }

    private List<int> Tokens(List<int> symbols)
    {
        var tokens = new List<int>();
        for (var at = 0; at < symbols.Count;)
        {
            if (symbols[at] == Symbol.Dsml)
            {
                tokens.Add(vocabulary.Tokenizer.Control.Dsml);
                at++;
                continue;
            }

            byte[] text = [.. symbols.Skip(at).Take(vocabulary.All.Height).TakeWhile(symbol => symbol <= byte.MaxValue).Select(symbol => (byte)symbol)];
            var token = vocabulary.All.TryFindLongest(text, out var longest)
                ? longest
                : throw new InvalidOperationException($"The vocabulary has no token for the byte 0x{text[0]:X2}.");
            tokens.Add(token);
            at += vocabulary.Tokenizer.Bytes(token).Length;
        }

        return tokens;
    }
}
