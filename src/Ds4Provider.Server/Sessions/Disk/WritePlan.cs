namespace Ds4Provider.Server.Sessions.Disk;

/// <summary>
/// How a state is written: on which one it builds, and which ones it makes superfluous. A conversation becomes a chain:
/// long pieces that stay, then one long piece that grows, then a few short ones. When there are enough short ones, the next
/// write takes the place of all of them and of the growing piece. So each turn writes little, few files hold the part of
/// fixed size that every state has, and after a restart a conversation can also go a turn or two back.
/// </summary>
/// <param name="Header">Header of the new file, its length still unknown.</param>
/// <param name="Base">The state whose rows are left out.</param>
/// <param name="Superseded">Goes when the new one is there, the longest first, as far as nothing else builds on it.</param>
/// <param name="Gain">Tokens that the new state saves beyond what is there.</param>
internal sealed record WritePlan(StateHeader Header, StoredState? Base, IReadOnlyList<StoredState> Superseded, int Gain)
{
    /// <summary>A piece of so many tokens stays. At 200,000 tokens the parts of fixed size then take half a kilobyte a token.</summary>
    public const int LongPiece = 65_536;

    /// <summary>Short pieces in a row.</summary>
    public const int MostLinks = 2;

    /// <summary>Plans a write; null when the state is there.</summary>
    public static WritePlan? Make(StateIndex index, ReadOnlySpan<int> tokens, bool isBeginning)
    {
        StoredState? nearest = index.FindLongest(tokens, tokens.Length);
        if (nearest?.Header.Position == tokens.Length)
            return null;
        PrefixKey key = PrefixKey.OfPrefixes(tokens, [tokens.Length])[0];
        int length = tokens.Length;
        int gain = tokens.Length - (nearest?.Header.Position ?? 0);
        if (nearest is null || isBeginning || nearest.Header.IsBeginning || nearest.Span >= LongPiece)
            return New(nearest, 0, []);
        if (nearest.Header.Links < MostLinks)
            return New(nearest, nearest.Header.Links + 1, []);
        StoredState[] growing = [.. nearest.Chain().Reverse().TakeWhile(state => state.Header.Links > 0)];
        StoredState grown = growing[^1].Parent!;
        return New(grown.Parent, 0, [.. growing, grown]);

        WritePlan New(StoredState? parent, int links, IReadOnlyList<StoredState> superseded) => new(
            new StateHeader(key, length, parent?.Header.Key, parent?.Header.Position ?? 0, isBeginning, links, 0), parent, superseded, gain);
    }
}
