namespace Ds4Provider.Engine.Constraints;

/// <summary>A set of token ids, one bit each: those that may be chosen next. Not thread-safe while it changes.</summary>
public sealed class TokenSet
{
    private readonly ulong[] _words;

    /// <summary>An empty set.</summary>
    /// <param name="vocabularySize">Number of tokens.</param>
    public TokenSet(int vocabularySize)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(vocabularySize);
        VocabularySize = vocabularySize;
        _words = new ulong[(vocabularySize + 63) / 64];
    }

    /// <summary>Number of tokens that there are.</summary>
    public int VocabularySize { get; }

    /// <summary>The bits, lowest id first; bits beyond the vocabulary are 0.</summary>
    public ReadOnlySpan<ulong> Words => _words;

    /// <summary>Number of tokens in the set.</summary>
    public int Count
    {
        get
        {
            var count = 0;
            foreach (var word in _words)
            {
                count += System.Numerics.BitOperations.PopCount(word);
            }

            return count;
        }
    }

    /// <summary>The set of all tokens.</summary>
    /// <param name="vocabularySize">Number of tokens.</param>
    public static TokenSet All(int vocabularySize)
    {
        var all = new TokenSet(vocabularySize);
        for (var token = 0; token < vocabularySize; token++)
        {
            all.Add(token);
        }

        return all;
    }

    /// <summary>Whether the token is in the set.</summary>
    public bool Contains(int token) => ((_words[token >> 6] >> token) & 1) != 0;

    /// <summary>Puts the token in.</summary>
    public void Add(int token) => _words[token >> 6] |= 1UL << token;

    /// <summary>Takes the token out.</summary>
    public void Remove(int token) => _words[token >> 6] &= ~(1UL << token);

    /// <summary>Takes all tokens out.</summary>
    public void Clear() => Array.Clear(_words);

    /// <summary>Becomes equal to another set of the same vocabulary.</summary>
    public void CopyFrom(TokenSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        other._words.CopyTo(_words, 0);
    }

    /// <summary>Takes in all tokens of another set.</summary>
    public void UnionWith(TokenSet other)
    {
        ArgumentNullException.ThrowIfNull(other);
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] |= other._words[i];
        }
    }

    /// <summary>Takes in the tokens that both sets have.</summary>
    internal void UnionWithBoth(TokenSet one, TokenSet other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            _words[i] |= one._words[i] & other._words[i];
        }
    }
}
