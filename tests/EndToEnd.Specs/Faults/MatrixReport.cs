using System.Globalization;

namespace EndToEnd.Specs.Faults;

/// <summary>Counts rounds, and writes a line for each into a file that one can follow.</summary>
internal sealed class MatrixReport(string? file)
{
    private int rounds;

    /// <summary>What failed, with everything that the programs said.</summary>
    public List<string> Failures { get; } = [];

    public async Task AddAsync(Scenario scenario, Func<Scenario, Task<TimeSpan?>> run)
    {
        rounds++;
        string outcome;
        try
        {
            TimeSpan? silence = await run(scenario);
            outcome = silence is { } time ? string.Create(CultureInfo.InvariantCulture, $"heard after {time.TotalMilliseconds:0} ms") : "held";
        }
        // A round may fail in any way; the others are run all the same, and the report says which failed.
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            Failures.Add(failure.Message);
            outcome = $"FAILED {failure.Message}";
        }
        if (file is not null)
            await File.AppendAllTextAsync(file, string.Create(CultureInfo.InvariantCulture, $"{rounds} {scenario}: {outcome}\n"));
    }
}
