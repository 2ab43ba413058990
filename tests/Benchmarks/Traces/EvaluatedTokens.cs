namespace Benchmarks.Traces;

/// <summary>
/// All that was ever evaluated, by any request, whatever became of its state: what of a prompt is not in here is new, and
/// no server can do without evaluating it.
/// </summary>
internal sealed class EvaluatedTokens
{
    private readonly List<int[]> sequences = [];

    /// <summary>Tokens of the longest beginning that was evaluated before.</summary>
    public int Known(ReadOnlySpan<int> prompt)
    {
        int longest = 0;
        foreach (int[] sequence in sequences)
            longest = Math.Max(longest, prompt.CommonPrefixLength(sequence));
        return longest;
    }

    public void Add(int[] sequence)
    {
        sequences.RemoveAll(known => known.Length <= sequence.Length && sequence.AsSpan().StartsWith(known));
        sequences.Add(sequence);
    }
}
