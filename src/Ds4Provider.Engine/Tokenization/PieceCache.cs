using System.Collections.Concurrent;

namespace Ds4Provider.Engine.Tokenization;

/// <summary>The tokens of short pieces met before: the same words come again and again. At most some 300 KB. Thread-safe.</summary>
internal sealed class PieceCache
{
    private const int Capacity = 2048;
    private const int LongestPiece = 24;

    private readonly ConcurrentDictionary<string, int[]> _tokens = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _byPiece;
    private int _count;

    public PieceCache() => _byPiece = _tokens.GetAlternateLookup<ReadOnlySpan<char>>();

    public bool TryGet(ReadOnlySpan<char> piece, out int[] tokens)
    {
        tokens = [];
        return piece.Length <= LongestPiece && _byPiece.TryGetValue(piece, out tokens!);
    }

    public void Add(ReadOnlySpan<char> piece, ReadOnlySpan<int> tokens)
    {
        if (piece.Length > LongestPiece || !_byPiece.TryAdd(piece, tokens.ToArray()))
        {
            return;
        }

        // Starting over is cheaper than knowing which piece is the oldest, and fits texts whose words change slowly.
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            Interlocked.Exchange(ref _count, 0);
            _tokens.Clear();
        }
    }
}
