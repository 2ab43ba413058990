using System.Globalization;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs.Faults;

/// <summary>
/// Whatever happens to whom and when: who is left is answered, the next request works, nothing is left behind. Every two
/// choices, but for the building of the engine, meet in each run of the tests; <c>tests/EndToEnd.Specs/Faults/run-matrix.sh</c> runs all cells, as often as asked.
/// </summary>
[Collection("processes")]
public sealed class FaultMatrixSpecs
{
    private const int Limit = 240_000;

    public static TheoryData<Scenario> Pairwise => [.. Scenario.Pairwise()];

    [Theory(Timeout = Limit, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Pairwise))]
    public async Task Who_is_left_is_answered_and_nothing_is_left_behind(Scenario scenario) =>
        await RunAsync(scenario, TestContext.Current.CancellationToken);

    [Fact]
    public async Task All_cells_as_often_as_asked_for()
    {
        Assert.SkipUnless(Asked() is not null, "Set DS4_FAULT_ROUNDS to the number of rounds.");
        MatrixReport report = new(Environment.GetEnvironmentVariable("DS4_FAULT_REPORT"));
        // Another order each time: a cell must not depend on the one before.
        string wanted = Environment.GetEnvironmentVariable("DS4_FAULT_CELLS") ?? "";
        Scenario[] order = [.. Scenario.All.Where(scenario => scenario.ToString().Contains(wanted, StringComparison.OrdinalIgnoreCase))];
        for (int round = 0; round < Asked(); round++)
        {
            if (round % order.Length == 0)
                Random.Shared.Shuffle(order);
            await report.AddAsync(order[round % order.Length], scenario => RunAsync(scenario, TestContext.Current.CancellationToken));
        }
        report.Failures.ShouldBeEmpty();
    }

    private static int? Asked() =>
        int.TryParse(Environment.GetEnvironmentVariable("DS4_FAULT_ROUNDS"), NumberStyles.None, CultureInfo.InvariantCulture, out int rounds) ? rounds : null;

    private static async Task<TimeSpan?> RunAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit - 30_000);
        await using StateHome home = new(graceSeconds: 0, limit.Token, withEngine: scenario.Moment != Moment.Building);
        using Round round = new(scenario, home);
        try
        {
            await round.RunAsync();
            return round.Silence;
        }
        catch (Exception failure) when (failure is OperationCanceledException or TimeoutException or ShouldAssertException)
        {
            throw new InvalidOperationException($"{scenario}: {failure.Message}\n{round.Describe()}\n{home.ReadLogs()}", failure);
        }
    }
}
