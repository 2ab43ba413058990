namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>A set of small numbers. Immutable.</summary>
internal sealed class IndexSet
{
    private readonly ulong[] _words;

    private IndexSet(ulong[] words) => _words = words;

    public static IndexSet Empty { get; } = new([]);

    public bool Contains(int index) => index >> 6 < _words.Length && ((_words[index >> 6] >> index) & 1) != 0;

    public IndexSet With(int index)
    {
        if (Contains(index))
        {
            return this;
        }

        var words = new ulong[Math.Max(_words.Length, (index >> 6) + 1)];
        _words.CopyTo(words, 0);
        words[index >> 6] |= 1UL << index;
        return new IndexSet(words);
    }

    /// <summary>Whether every number of this set is in the other.</summary>
    public bool IsWithin(IndexSet other)
    {
        for (var i = 0; i < _words.Length; i++)
        {
            if ((_words[i] & ~(i < other._words.Length ? other._words[i] : 0)) != 0)
            {
                return false;
            }
        }

        return true;
    }

    public bool SameAs(IndexSet other) => ReferenceEquals(this, other) || (IsWithin(other) && other.IsWithin(this));
}
