namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>
/// How a state is written: on which one it builds, and what is merged before. A conversation becomes a chain: long pieces
/// that stay, then one piece that grows, then a few short ones. When there are enough short ones, the last of them is
/// written anew as the growing piece and takes the place of those before it. So each turn writes little, few files hold the
/// part of fixed size that every state has, and a conversation can always go a turn back.
/// </summary>
/// <param name="Header">Header of the new file, its length still unknown.</param>
/// <param name="Base">The state whose rows are left out.</param>
/// <param name="Merge">What is merged first; null = nothing.</param>
/// <param name="Gain">Tokens that the new state saves beyond what is there.</param>
internal sealed record WritePlan(StateHeader Header, StoredState? Base, Merge? Merge, int Gain)
{
    /// <summary>A piece of so many tokens stays. At 200,000 tokens the parts of fixed size then take half a kilobyte a token.</summary>
    public const int LongPiece = 65_536;

    /// <summary>Short pieces in a row.</summary>
    public const int MostLinks = 2;

    /// <summary>Plans a write; null when the state is there.</summary>
    public static WritePlan? Make(StateIndex index, ReadOnlySpan<int> tokens, bool isBeginning)
    {
        StoredState? nearest = index.FindLongest(tokens, tokens.Length);
        int known = nearest?.Header.Position ?? 0;
        if (known == tokens.Length)
            return null;
        bool beginsPiece = nearest is null || isBeginning || nearest.Header.IsBeginning;
        bool merges = !beginsPiece && nearest!.Header.Links >= MostLinks;
        int links = beginsPiece ? 0 : merges ? 1 : nearest!.Header.Links + 1;
        PrefixKey key = PrefixKey.OfPrefixes(tokens, [tokens.Length])[0];
        var header = new StateHeader(key, tokens.Length, nearest?.Header.Key, known, isBeginning, links, 0);
        return new WritePlan(header, nearest, merges ? Merge.Of(nearest!) : null, tokens.Length - known);
    }
}

/// <summary>Short pieces become a part of the growing one.</summary>
/// <param name="State">The last of them, which is written anew.</param>
/// <param name="Onto">The state on which it builds from then on; null = on none.</param>
/// <param name="Superseded">Those before it and the piece that grew so far, the longest first; they go as far as nothing else builds on them.</param>
internal sealed record Merge(StoredState State, StoredState? Onto, IReadOnlyList<StoredState> Superseded)
{
    /// <summary>Header of the state when it is written anew.</summary>
    public StateHeader Header => State.Header with { Parent = Onto?.Header.Key, ParentPosition = Onto?.Header.Position ?? 0, Links = 0 };

    public static Merge Of(StoredState last)
    {
        StoredState[] links = [.. last.Chain().Reverse().TakeWhile(state => state.Header.Links > 0)];
        StoredState grown = links[^1].Parent ?? throw new InvalidOperationException("A short piece builds on another.");
        // A piece that has grown long enough stays, and the next one begins to grow.
        return grown.Span >= WritePlan.LongPiece
            ? new Merge(last, grown, links[1..])
            : new Merge(last, grown.Parent, [.. links[1..], grown]);
    }
}
