namespace Ds4Provider.Server.Scheduling;

/// <summary>Counts the work done since the start. Thread-safe.</summary>
internal sealed class WorkMeter
{
    private long prefilled;
    private long generated;

    public long PrefilledTokens => Interlocked.Read(ref prefilled);

    public long GeneratedTokens => Interlocked.Read(ref generated);

    public void Prefilled(int tokens) => Interlocked.Add(ref prefilled, tokens);

    public void Generated() => Interlocked.Increment(ref generated);
}
