namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// Texts of which one is to be written. Kept in the order of their bytes, so that those with a common beginning are one
/// stretch: a tree without nodes, whatever the number and the length of the texts. Immutable.
/// </summary>
internal sealed class ChoiceTrie
{
    private readonly byte[][] _texts;
    private readonly int[] _order; // indices of the texts by their bytes; of equal ones the first comes first

    public ChoiceTrie(IEnumerable<byte[]> texts)
    {
        _texts = [.. texts];
        _order = [.. Enumerable.Range(0, _texts.Length)];
        Array.Sort(_order, (one, other) =>
            _texts[one].AsSpan().SequenceCompareTo(_texts[other]) is not 0 and var difference ? difference : one.CompareTo(other));
        Cheapest = _texts.Length == 0 ? -1 : Enumerable.Range(0, _texts.Length).MinBy(choice => _texts[choice].Length);
    }

    /// <summary>Nothing has been written.</summary>
    public ChoiceNode Root => new(0, _order.Length, 0);

    /// <summary>The shortest text.</summary>
    public int Cheapest { get; }

    /// <summary>A text, by its index.</summary>
    public ReadOnlySpan<byte> this[int choice] => _texts[choice];

    /// <summary>The texts that begin with what has been written.</summary>
    public ReadOnlySpan<int> Reachable(ChoiceNode node) => _order.AsSpan(node.First..node.End);

    /// <summary>The text that has been written whole, or -1.</summary>
    public int Choice(ChoiceNode node) =>
        node.First < node.End && _texts[_order[node.First]].Length == node.Depth ? _order[node.First] : -1;

    /// <summary>Whether longer texts begin with what has been written.</summary>
    public bool Continues(ChoiceNode node) => node.First < node.End && _texts[_order[node.End - 1]].Length > node.Depth;

    /// <summary>What has been written after one more byte; false when no text goes on so.</summary>
    public bool TryStep(ChoiceNode node, int symbol, out ChoiceNode child)
    {
        var first = FirstFrom(node, symbol);
        child = new ChoiceNode(first, FirstFrom(node with { First = first }, symbol + 1), node.Depth + 1);
        return child.First < child.End;
    }

    /// <summary>The first text of a node whose next byte is at least so great.</summary>
    private int FirstFrom(ChoiceNode node, int least)
    {
        var (low, high) = (node.First, node.End);
        while (low < high)
        {
            var middle = (low + high) / 2;
            var text = _texts[_order[middle]];
            if (text.Length > node.Depth && text[node.Depth] >= least)
            {
                high = middle;
            }
            else
            {
                low = middle + 1;
            }
        }

        return low;
    }
}

/// <summary>What has been written of a text: the stretch of those that begin so.</summary>
/// <param name="First">The first of them in the order of the bytes.</param>
/// <param name="End">The one after the last.</param>
/// <param name="Depth">Bytes written.</param>
internal readonly record struct ChoiceNode(int First, int End, int Depth);
