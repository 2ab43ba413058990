using System.Text;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks.Traces;

/// <summary>Replays traces and writes <c>results/reuse.md</c>.</summary>
internal static class ReuseBenchmark
{
    private const double Goal = 1.10;
    private const double GoalWithRestarts = 1.15;

    public static async Task<int> RunAsync(ITokenizer tokenizer, int seed, string? file)
    {
        var options = new TraceOptions { Seed = seed };
        ReplayResult all = await ReplayTokensAsync("five clients, five sessions by turns", options);
        ReplayResult little = await ReplayTokensAsync("the same, in 2 GiB", options with { StateBytes = 2L << 30 });
        ReplayResult titles = await ReplayTokensAsync("two sessions by turns, a title with every message", new TraceOptions
        {
            Seed = seed, Clients = [ClientShape.All.Single(client => client.TitleEveryTurn)], Sessions = 2, Interleaved = 2, StateBytes = 16L << 30,
        });
        ReplayResult restarts = await ReplayTokensAsync("a restart before every request", options with { Sessions = 1, Restarts = true });

        string report = $"""
            # What of a prompt is evaluated again

            Command: `bash tests/Benchmarks/run-reuse.sh --seed {seed}`, with the vocabulary of the demo model. Nothing is timed: the figures are the same on every machine.

            Made-up texts in the sizes and order of the requests of real clients, half as long because the vocabulary is small, and with
            an assumed share of retries, edits and clients that leave (`SessionTrace.cs`), through the real server on its socket; the engine is
            played by one that computes nothing and keeps account of the tokens. *New* are the tokens of a prompt that follow no beginning
            that was ever evaluated; *prefilled* are those that were evaluated; the ratio of the two has {Goal:0.00} as its goal. *Lost* are
            tokens that were evaluated again because their checkpoint was given up for memory.

            ## Five clients, five sessions by turns, 32 GiB for states

            {ReuseTable.ByClient(all)}
            {ReuseTable.ByKind(all)}
            A conversation that begins like an earlier one of its client evaluates at most {all.WorstBeginning} tokens of what they share.

            ## The same with 2 GiB

            {ReuseTable.ByClient(little)}
            {ReuseTable.ByKind(little)}
            ## Two sessions of one client by turns, and a title with every message, 16 GiB

            {ReuseTable.ByClient(titles)}
            ## A restart before every request (goal {GoalWithRestarts:0.00})

            {ReuseTable.ByClient(restarts)}
            {ReuseTable.ByKind(restarts)}
            """;
        Console.WriteLine(report);
        if (file is not null)
            await File.WriteAllTextAsync(file, report, new UTF8Encoding(false));
        bool isMet = all.Total.Ratio <= Goal && titles.Total.Evictions == 0 && restarts.Total.Ratio <= GoalWithRestarts;
        return isMet ? 0 : 1;

        async Task<ReplayResult> ReplayTokensAsync(string what, TraceOptions replayed)
        {
            await Console.Error.WriteLineAsync(what);
            return await Replayer.RunAsync(tokenizer, replayed);
        }
    }
}
