namespace Ds4Provider.Engine.Constraints.Grammar;

/// <summary>What a JSON value may be. Immutable once it is measured.</summary>
internal abstract class JsonRule
{
    /// <summary>The shortest text of the value.</summary>
    public Shortest Shortest { get; private set; } = Shortest.None;

    /// <summary>Adds the ways to begin the value, after which <paramref name="then"/> follows.</summary>
    public abstract void Begin(GrammarState then, StateSet next);

    /// <summary>Writes the shortest text.</summary>
    public abstract void WriteShortest(List<int> symbols);

    /// <summary>Measures the shortest text by what is known of the parts; true when it became shorter.</summary>
    public bool Measure()
    {
        var measured = FindShortest();
        if (measured.Cost >= Shortest.Cost)
        {
            return false;
        }

        Shortest = measured;
        return true;
    }

    protected abstract Shortest FindShortest();
}

/// <summary>What a string may be. As a parameter it stands raw; inside JSON it is a JSON string.</summary>
internal abstract class StringRule : JsonRule
{
    /// <summary>Bytes of the shortest raw value.</summary>
    public abstract int RawCost { get; }

    /// <summary>Adds the ways to begin the raw value and the tag that ends it, after which <paramref name="then"/> follows.</summary>
    public abstract void BeginRaw(GrammarState then, StateSet next);

    /// <summary>Writes the shortest raw value, without the tag that ends it.</summary>
    public abstract void WriteShortestRaw(List<int> symbols);
}
