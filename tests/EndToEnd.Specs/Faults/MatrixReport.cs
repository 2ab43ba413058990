using System.Diagnostics;
using System.Globalization;

namespace EndToEnd.Specs.Faults;

/// <summary>Counts rounds, and writes a line for each into a file that one can follow. Thread-safe.</summary>
internal sealed class MatrixReport(string? file)
{
    private readonly Lock gate = new();
    private readonly List<string> failures = [];
    private int rounds;

    /// <summary>What failed, with everything that the programs said.</summary>
    public IReadOnlyList<string> Failures
    {
        get
        {
            lock (gate)
                return [.. failures];
        }
    }

    public async Task AddAsync(Scenario scenario, Func<Scenario, Task<RoundOutcome>> run)
    {
        long begun = Stopwatch.GetTimestamp();
        string outcome;
        try
        {
            outcome = (await run(scenario)).ToString();
        }
        // A round may fail in any way; the others are run all the same, and the report says which failed.
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            outcome = $"FAILED {(failure as RoundFailure)?.Kind ?? "otherwise"}: {failure.Message}";
            lock (gate)
                failures.Add(failure.Message);
        }
        lock (gate)
        {
            rounds++;
            if (file is not null)
                File.AppendAllText(file, string.Create(CultureInfo.InvariantCulture, $"{rounds} {scenario}: {outcome} [{Stopwatch.GetElapsedTime(begun).TotalMilliseconds:0} ms]\n"));
        }
    }
}

/// <summary>How a round went that held.</summary>
/// <param name="WasHit">Whether there was somebody to hit, in the moment that was meant.</param>
/// <param name="Silence">The longest time that a program which was left heard nothing; null when none waited.</param>
internal sealed record RoundOutcome(bool WasHit, TimeSpan? Silence)
{
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{(WasHit ? "hit" : "missed")}, {(Silence is { } time ? $"heard after {time.TotalMilliseconds:0} ms" : "held")}");
}

/// <summary>A round that did not hold.</summary>
/// <param name="kind"><c>hang</c>, <c>leftover</c> or <c>otherwise</c>.</param>
/// <param name="message">What happened, with everything that the programs said.</param>
/// <param name="cause">What was noticed.</param>
internal sealed class RoundFailure(string kind, string message, Exception cause) : Exception(message, cause)
{
    public string Kind => kind;
}
