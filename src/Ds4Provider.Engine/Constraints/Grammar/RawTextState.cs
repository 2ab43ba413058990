using Ds4Provider.Engine.Constraints.Masks;

namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>
/// Inside the raw value of a parameter. Whatever it looks like, it goes on until <c>&lt;/</c> and the control token of
/// tags, so every byte may also be the value's own.
/// </summary>
internal sealed class RawTextState : GrammarState
{
    private readonly FreeStringRule _rule;
    private readonly int _count;
    private readonly int _utf8;
    private readonly GrammarState _then; // after the tag that ends the parameter

    private RawTextState(FreeStringRule rule, int count, int utf8, GrammarState then)
    {
        _rule = rule;
        _count = count;
        _utf8 = utf8;
        _then = then;
    }

    public override int Depth => _then.Depth;

    protected override int FindCost() =>
        Utf8Progress.Ending(_utf8).Length + Math.Max(0, _rule.Least - _count) + DsmlSyntax.CloseParameter.Length + _then.Cost;

    public override TextPosition Text => new(
        TextKind.Raw, _utf8, Math.Max(0, _rule.Least - _count), JsonTextState.Room(_rule, _count), Then: null);

    public static void Begin(FreeStringRule rule, GrammarState then, StateSet next) => next.Add(new RawTextState(rule, 0, 0, then));

    public override void Read(int symbol, StateSet next)
    {
        if (symbol == '<' && _utf8 == Utf8Progress.Boundary && _count >= _rule.Least)
        {
            next.Add(new LiteralState(DsmlSyntax.CloseParameter, 1, _then));
        }

        if (symbol <= byte.MaxValue && Utf8Progress.Next(_utf8, symbol) is >= 0 and var progress)
        {
            var begins = Utf8Progress.Begins(symbol);
            if (!begins || _count < _rule.Most)
            {
                next.Add(new RawTextState(_rule, begins ? JsonTextState.Increase(_rule, _count) : _count, progress, _then));
            }
        }
    }

    public override GrammarState? WriteShortest(List<int> symbols)
    {
        TextEnding.Write(_utf8, _rule.Least - _count, symbols);
        symbols.AddRange(DsmlSyntax.CloseParameter);
        return _then;
    }

    public override bool SameAs(GrammarState other) =>
        other is RawTextState text && _rule.IsLike(text._rule) && _count == text._count && _utf8 == text._utf8
        && StateSet.Same(_then, text._then);
}
