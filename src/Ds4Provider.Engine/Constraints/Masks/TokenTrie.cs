namespace Ds4Provider.Engine.Constraints.Masks;

/// <summary>
/// The bytes of many tokens as a tree, laid out in preorder: a walk is one pass through arrays that jumps over the
/// subtrees whose beginnings the grammar refuses. Immutable.
/// </summary>
internal sealed class TokenTrie
{
    private readonly byte[] _labels;
    private readonly ushort[] _depths;
    private readonly int[] _ends;       // the node after a node's subtree
    private readonly int[] _firstToken; // of each node, in _tokens; one entry more than nodes
    private readonly int[] _tokens;     // by their bytes: in the order of the nodes

    private TokenTrie(byte[] labels, ushort[] depths, int[] ends, int[] firstToken, int[] tokens)
    {
        _labels = labels;
        _depths = depths;
        _ends = ends;
        _firstToken = firstToken;
        _tokens = tokens;
        Height = depths.Length == 0 ? 0 : depths.Max();
    }

    /// <summary>Number of nodes.</summary>
    public int Count => _labels.Length;

    /// <summary>Bytes of the longest token.</summary>
    public int Height { get; }

    /// <summary>Builds the tree; an entry without bytes is left out.</summary>
    public static TokenTrie Create(IEnumerable<(byte[] Bytes, int Token)> entries)
    {
        var sorted = entries.Where(entry => entry.Bytes.Length > 0).ToArray();
        Array.Sort(sorted, static (left, right) => left.Bytes.AsSpan().SequenceCompareTo(right.Bytes));
        List<byte> labels = [];
        List<ushort> depths = [];
        List<int> ends = [];
        List<int> firstToken = [];
        var open = new Stack<int>();
        byte[] previous = [];
        for (var i = 0; i < sorted.Length; i++)
        {
            var bytes = sorted[i].Bytes;
            var common = previous.AsSpan().CommonPrefixLength(bytes);
            while (open.Count > common)
            {
                ends[open.Pop()] = labels.Count;
            }

            for (var depth = common; depth < bytes.Length; depth++)
            {
                open.Push(labels.Count);
                labels.Add(bytes[depth]);
                depths.Add(checked((ushort)(depth + 1)));
                ends.Add(0);
                firstToken.Add(i);
            }

            previous = bytes;
        }

        while (open.Count > 0)
        {
            ends[open.Pop()] = labels.Count;
        }

        firstToken.Add(sorted.Length);
        return new TokenTrie([.. labels], [.. depths], [.. ends], [.. firstToken], [.. sorted.Select(entry => entry.Token)]);
    }

    /// <summary>The byte that leads to a node.</summary>
    public byte Label(int node) => _labels[node];

    /// <summary>Bytes from the root to a node.</summary>
    public int Depth(int node) => _depths[node];

    /// <summary>The first node after a node's subtree.</summary>
    public int End(int node) => _ends[node];

    /// <summary>The tokens whose bytes lead exactly to a node.</summary>
    public ReadOnlySpan<int> Tokens(int node) => _tokens.AsSpan(_firstToken[node].._firstToken[node + 1]);

    /// <summary>The tokens that begin with a text.</summary>
    public ReadOnlySpan<int> StartingWith(ReadOnlySpan<byte> text)
    {
        var (node, end) = (0, Count);
        for (var depth = 0; depth < text.Length; depth++)
        {
            node = depth == 0 ? 0 : node + 1;
            while (node < end && _labels[node] < text[depth])
            {
                node = _ends[node];
            }

            if (node >= end || _labels[node] != text[depth])
            {
                return [];
            }

            end = _ends[node];
        }

        return text.IsEmpty ? _tokens : _tokens.AsSpan(_firstToken[node].._firstToken[end]);
    }

    /// <summary>The token that covers most of the beginning of a text; false when none does.</summary>
    public bool TryFindLongest(ReadOnlySpan<byte> text, out int token)
    {
        token = -1;
        var (node, end) = (0, Count);
        for (var depth = 0; depth < text.Length; depth++)
        {
            while (node < end && _labels[node] < text[depth])
            {
                node = _ends[node];
            }

            if (node >= end || _labels[node] != text[depth])
            {
                break;
            }

            token = Tokens(node) is [var own, ..] ? own : token;
            end = _ends[node];
            node++;
        }

        return token >= 0;
    }
}
