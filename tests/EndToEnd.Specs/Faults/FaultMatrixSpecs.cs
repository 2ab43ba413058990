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
    private const int CompilingEvery = 10;

    public static TheoryData<Scenario> Pairwise => [.. Scenario.Pairwise()];

    [Theory(Timeout = Limit, DisableDiscoveryEnumeration = true)]
    [MemberData(nameof(Pairwise))]
    public async Task Who_is_left_is_answered_and_nothing_is_left_behind(Scenario scenario) =>
        await RunAsync(scenario, TestContext.Current.CancellationToken);

    [Fact]
    public async Task All_cells_as_often_as_asked_for()
    {
        Assert.SkipUnless(Asked("DS4_FAULT_ROUNDS") is not null, "Set DS4_FAULT_ROUNDS to the number of rounds.");
        CancellationToken cancelled = TestContext.Current.CancellationToken;
        await PrepareAsync(FaultProgram.OfDemo, cancelled);
        await PrepareAsync(FaultProgram.OfSmallFlash, cancelled);
        MatrixReport report = new(Environment.GetEnvironmentVariable("DS4_FAULT_REPORT"));
        ParallelOptions sideBySide = new()
        {
            MaxDegreeOfParallelism = Asked("DS4_FAULT_PARALLEL") ?? Environment.ProcessorCount, CancellationToken = cancelled,
        };
        await Parallel.ForEachAsync(
            Rounds(Asked("DS4_FAULT_ROUNDS")!.Value), sideBySide, async (scenario, token) => await report.AddAsync(scenario, one => RunAsync(one, token)));
        report.Failures.ShouldBeEmpty();
    }

    /// <summary>
    /// All cells in another order each time, for a cell must not depend on the one before. Those that compile the engine
    /// come every tenth time: one of them takes as long as ten others.
    /// </summary>
    private static IEnumerable<Scenario> Rounds(int count)
    {
        string wanted = Environment.GetEnvironmentVariable("DS4_FAULT_CELLS") ?? "";
        Scenario[] all = [.. Scenario.All.Where(scenario => scenario.ToString().Contains(wanted, StringComparison.OrdinalIgnoreCase))];
        Scenario[] quick = [.. all.Where(scenario => scenario.Moment != Moment.Building)];
        return Enumerable.InfiniteSequence(0, 1).SelectMany(time => Shuffled(time % CompilingEvery == 0 || quick.Length == 0 ? all : quick)).Take(count);
    }

    private static Scenario[] Shuffled(Scenario[] cells)
    {
        Scenario[] order = [.. cells];
        Random.Shared.Shuffle(order);
        return order;
    }

    private static int? Asked(string variable) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, CultureInfo.InvariantCulture, out int count) ? count : null;

    /// <summary>Compiles the engine once, and lets it prove itself: rounds that begin at the same time would each do it.</summary>
    private static async Task PrepareAsync(FaultProgram program, CancellationToken cancellationToken)
    {
        if (program.Prepared.Exist)
            return;
        await using HoldingHub hub = await HoldingHub.StartAsync();
        hub.GoOn();
        await using StateHome home = new(graceSeconds: 0, cancellationToken, prepared: program.Prepared);
        home.Variables["HF_ENDPOINT"] = hub.Endpoint;
        using FaultClientProcess client = new(home, program);
        (await client.SeesAsync("ready", "refused")).ShouldBe("ready", client.Said);
        client.End();
        await client.EndedAsync();
    }

    private static async Task<RoundOutcome> RunAsync(Scenario scenario, CancellationToken cancellationToken)
    {
        using CancellationTokenSource limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(Limit - 30_000);
        FaultProgram program = scenario.Moment == Moment.Downloading ? FaultProgram.OfSmallFlash : FaultProgram.OfDemo;
        await using HoldingHub? hub = scenario.Moment == Moment.Downloading ? await HoldingHub.StartAsync() : null;
        await using StateHome home = new(graceSeconds: 0, limit.Token, withEngine: scenario.Moment != Moment.Building, program.Prepared);
        if (hub is not null)
            home.Variables["HF_ENDPOINT"] = hub.Endpoint;
        // What is compiled to be interrupted need not be fast. These are the user's own variables, which the watchdog passes on.
        if (scenario.Moment == Moment.Building)
            home.Variables["CFLAGS"] = "-O0";
        using Round round = new(scenario, home, program, hub);
        try
        {
            await round.RunAsync();
            return new RoundOutcome(round.WasHit, round.Silence);
        }
        catch (Exception failure) when (failure is OperationCanceledException or TimeoutException or ShouldAssertException)
        {
            string kind = failure is OperationCanceledException ? "hang" : round.IsOver ? "leftover" : "otherwise";
            throw new RoundFailure(kind, $"{scenario}: {failure.Message}\n{round.Describe()}\n{home.ReadLogs()}", failure);
        }
    }
}
