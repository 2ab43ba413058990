namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>Any string of so many characters (Unicode scalars, as JSON Schema counts).</summary>
internal sealed class FreeStringRule(int least, int most) : StringRule
{
    public const int Unlimited = int.MaxValue;

    public int Least => least;

    public int Most => most;

    /// <summary>Whether the other rule allows the same strings.</summary>
    public bool IsLike(FreeStringRule other) => least == other.Least && most == other.Most;

    public override int RawCost => least > most ? Shortest.Never : least;

    public override void Begin(GrammarState then, StateSet next) => next.Add(new LiteralState(Quote, new JsonTextState(this, 0, 0, then)));

    public override void BeginRaw(GrammarState then, StateSet next) => RawTextState.Begin(this, then, next);

    public override void WriteShortest(List<int> symbols)
    {
        symbols.Add('"');
        WriteShortestRaw(symbols);
        symbols.Add('"');
    }

    public override void WriteShortestRaw(List<int> symbols) => symbols.AddRange(Enumerable.Repeat((int)'x', least));

    protected override Shortest FindShortest() => new(Shortest.Add(RawCost, 2), 0);

    private static readonly int[] Quote = Symbol.Of("\"");
}
