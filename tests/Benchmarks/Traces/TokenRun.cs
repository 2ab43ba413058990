namespace Benchmarks.Traces;

/// <summary>
/// Tokens that follow others. A tree of them stands for all that sessions and checkpoints hold: what two of them share is
/// there once, as the rows of a real state are. Used by one thread at a time.
/// </summary>
/// <param name="parent">What stands before it; null = nothing.</param>
internal sealed class TokenRun(TokenPosition? parent)
{
    private readonly int start = parent?.Length ?? 0;
    private readonly List<int> tokens = [];

    /// <summary>What stands before it.</summary>
    public TokenPosition? Parent => parent;

    /// <summary>Tokens before the first one of this run.</summary>
    public int Start => start;

    /// <summary>Tokens up to the last one of this run.</summary>
    public int End => start + tokens.Count;

    public void Add(ReadOnlySpan<int> more) => tokens.AddRange(more);

    /// <summary>Copies the tokens of this run up to a length.</summary>
    public void CopyTo(Span<int> all, int length) =>
        System.Runtime.InteropServices.CollectionsMarshal.AsSpan(tokens)[..(length - start)].CopyTo(all[start..]);
}

/// <summary>A place in a tree of runs: the first tokens of a sequence.</summary>
/// <param name="Run">The run that holds the last of them.</param>
/// <param name="Length">How many.</param>
internal sealed record TokenPosition(TokenRun Run, int Length)
{
    public static TokenPosition Nothing() => new(new TokenRun(null), 0);

    /// <summary>The place after more tokens; a place from which another sequence went on begins a run.</summary>
    public TokenPosition Then(ReadOnlySpan<int> more)
    {
        TokenRun run = Length == Run.End ? Run : new TokenRun(this);
        run.Add(more);
        return new TokenPosition(run, run.End);
    }

    /// <summary>The tokens.</summary>
    public int[] Tokens()
    {
        var all = new int[Length];
        for (TokenPosition? at = this; at is not null; at = at.Run.Parent)
            at.Run.CopyTo(all, at.Length);
        return all;
    }

    /// <summary>Tokens that sequences hold together; what they share counts once.</summary>
    public static long Distinct(IEnumerable<TokenPosition> held)
    {
        var longest = new Dictionary<TokenRun, int>();
        foreach (TokenPosition position in held)
        {
            for (TokenPosition? at = position; at is not null; at = at.Run.Parent)
                longest[at.Run] = Math.Max(longest.GetValueOrDefault(at.Run), at.Length);
        }
        return longest.Sum(run => (long)run.Value - run.Key.Start);
    }
}
