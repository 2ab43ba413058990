using System.Numerics;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>
/// Plays a model that knows nothing, with a liking for what ends texts and opens tags: all tokens alike, hardly a string
/// would ever end.
/// </summary>
internal sealed class RandomTokens
{
    private readonly TokenSet _liked;

    public RandomTokens(ITokenizer tokenizer)
    {
        _liked = new TokenSet(tokenizer.VocabularySize);
        for (var token = 0; token < tokenizer.VocabularySize; token++)
        {
            if (tokenizer.IsControl(token) || tokenizer.Bytes(token) is [(byte)'<' or (byte)'"' or (byte)']' or (byte)'}' or (byte)',' or (byte)'\\', ..])
            {
                _liked.Add(token);
            }
        }
    }

    /// <summary>A token of the mask.</summary>
    public int Choose(TokenSet mask, Random random)
    {
        var liked = Count(mask, _liked);
        return liked > 0 && random.Next(3) == 0
            ? Find(mask, _liked, random.Next(liked))
            : Find(mask, mask, random.Next(mask.Count));
    }

    private static int Count(TokenSet one, TokenSet other)
    {
        var count = 0;
        for (var word = 0; word < one.Words.Length; word++)
        {
            count += BitOperations.PopCount(one.Words[word] & other.Words[word]);
        }

        return count;
    }

    /// <summary>Of the tokens that both sets have, the one after so many.</summary>
    private static int Find(TokenSet one, TokenSet other, int after)
    {
        for (var word = 0; ; word++)
        {
            var bits = one.Words[word] & other.Words[word];
            for (; bits != 0; bits &= bits - 1)
            {
                if (after-- == 0)
                {
                    return (word * 64) + BitOperations.TrailingZeroCount(bits);
                }
            }
        }
    }
}
