using System.Runtime.InteropServices;
using System.Text;
using Ds4Provider.Engine.Constraints.Masks;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// Inside the name of a member that the schema does not name, after its opening quotation mark. It must become neither
/// the name of a property nor one that was written.
/// </summary>
internal sealed class NameState : GrammarState
{
    private readonly Members _owner;
    private readonly NameState? _before;
    private readonly byte _last;
    private readonly int _count;
    private readonly int _utf8;

    public NameState(Members owner) => _owner = owner;

    private NameState(NameState before, byte last, int utf8)
    {
        _owner = before._owner;
        _before = before;
        _last = last;
        _count = before._count + (Utf8Progress.Begins(last) ? 1 : 0);
        _utf8 = utf8;
    }

    public override int Depth => _owner.Depth;

    protected override int FindCost() => Shortest().Cost;

    public override TextPosition Text => new(TextKind.Name, _utf8, _count > 0 ? 0 : 1, _owner.LongestName - _count, new AfterNameState(_owner));

    /// <summary>What, after the name so far, would make it one that it must not become.</summary>
    public IEnumerable<byte[]> Forbidden()
    {
        var bytes = Bytes();
        return _owner.KnownNames().Select(Encoding.UTF8.GetBytes)
            .Where(name => name.AsSpan().StartsWith(CollectionsMarshal.AsSpan(bytes)))
            .Select(name => name[bytes.Count..]);
    }

    public override void Read(int symbol, StateSet next)
    {
        if (symbol == '"')
        {
            if (_utf8 == Utf8Progress.Boundary && _count > 0 && Name() is var name && !_owner.Knows(name))
            {
                _owner.ChooseOther(name, next);
            }
        }
        else if (symbol is >= ' ' and <= byte.MaxValue and not '\\' && Utf8Progress.Next(_utf8, symbol) is >= 0 and var progress
            && (_count < _owner.LongestName || !Utf8Progress.Begins(symbol)))
        {
            next.Add(new NameState(this, (byte)symbol, progress));
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        var (ending, then, _) = Shortest();
        symbols.AddRange(ending.Select(value => (int)value));
        symbols.Add('"');
        return then;
    }

    public override bool SameAs(GrammarState other) =>
        other is NameState name && _count == name._count && _utf8 == name._utf8 && _owner.SameAs(name._owner) && Bytes().SequenceEqual(name.Bytes());

    private (byte[] Ending, GrammarState Then, int Cost) Shortest()
    {
        byte[] ending = [.. Utf8Progress.Ending(_utf8)];
        while (_before is null && ending.Length == 0 || _owner.Knows(Encoding.UTF8.GetString([.. Bytes(), .. ending])))
        {
            ending = [.. ending, (byte)'x'];
        }

        var after = new StateSet();
        _owner.ChooseOther(Encoding.UTF8.GetString([.. Bytes(), .. ending]), after);
        var then = after.Cheapest();
        return (ending, then, ending.Length + 1 + then.Cost);
    }

    private string Name() => Encoding.UTF8.GetString(CollectionsMarshal.AsSpan(Bytes()));

    private List<byte> Bytes()
    {
        var bytes = new List<byte>();
        for (var state = this; state._before is not null; state = state._before)
        {
            bytes.Add(state._last);
        }

        bytes.Reverse();
        return bytes;
    }
}

/// <summary>After a name that the schema does not name, whichever it is.</summary>
internal sealed class AfterNameState(Members owner) : EntryState
{
    public override int Depth => owner.Depth;

    public override void Begin(StateSet next) => owner.ChooseOther(owner.NewName(), next);

    public override bool SameAs(GrammarState other) => other is AfterNameState name && name.SameAs(owner);

    private bool SameAs(Members other) => owner.SameAs(other);
}
