namespace Benchmarks.Traces;

/// <summary>
/// The time that requests would take, without waiting for it: which states are old is what decides about memory.
/// Timers run as always. Thread-safe.
/// </summary>
internal sealed class ReplayedTime : TimeProvider
{
    /// <summary>Tokens per second of a large machine, and how long a tool or a user takes.</summary>
    private const double PrefillRate = 234, DecodeRate = 20.5, Pause = 5;

    private readonly long start = System.GetTimestamp();
    private long passed;

    public override long TimestampFrequency => System.TimestampFrequency;

    // Only what is replayed counts, so that the same seed gives the same ages.
    public override long GetTimestamp() => start + Interlocked.Read(ref passed);

    /// <summary>Lets the time of a request pass.</summary>
    public void Pass(int prefilled, int decoded) =>
        Interlocked.Add(ref passed, (long)(((prefilled / PrefillRate) + (decoded / DecodeRate) + Pause) * TimestampFrequency));
}
