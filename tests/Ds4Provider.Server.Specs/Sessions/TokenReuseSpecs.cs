using Benchmarks.Traces;
using Ds4Provider.Engine;
using Ds4Provider.Server.Specs.Engine;

namespace Ds4Provider.Server.Specs.Sessions;

/// <summary>A short run of <c>tests/Benchmarks/run-reuse.sh</c>: sessions of coding agents by turns, with all that goes wrong in them.</summary>
public sealed class TokenReuseSpecs : IDisposable
{
    private readonly LoadedModel model = RealEngine.OpenDemo();

    private static TraceOptions Options => new() { Sessions = 2, Scale = 0.25 };

    public void Dispose() => model.Dispose();

    [Fact(Timeout = 120_000)]
    public async Task Sessions_of_agents_evaluate_hardly_more_than_what_is_new()
    {
        ReplayResult result = await Replayer.RunAsync(model.Tokenizer, Options);

        result.Total.Requests.ShouldBeGreaterThan(100);
        result.Total.Ratio.ShouldBeLessThanOrEqualTo(1.10);
        result.Total.Evictions.ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task A_later_conversation_evaluates_nothing_of_what_it_shares_with_an_earlier_one()
    {
        // With fewer characters the instructions of the clients would be too short to be worth a stop.
        ReplayResult result = await Replayer.RunAsync(model.Tokenizer, Options with { Scale = 0.5 });

        // A few tokens of what follows may be equal by chance.
        result.WorstBeginning.ShouldBeLessThanOrEqualTo(8);
    }

    [Fact(Timeout = 120_000)]
    public async Task Two_sessions_and_a_title_with_every_message_lose_no_state()
    {
        ReplayResult result = await Replayer.RunAsync(model.Tokenizer, Options with
        {
            Clients = [ClientShape.All.Single(client => client.TitleEveryTurn)], Interleaved = 2, StateBytes = 8L << 30,
        });

        result.Total.Evictions.ShouldBe(0);
        result.Total.Lost.ShouldBe(0);
    }

    [Fact(Timeout = 120_000)]
    public async Task With_a_restart_before_every_request_hardly_more_is_evaluated()
    {
        ReplayResult result = await Replayer.RunAsync(model.Tokenizer, Options with { Sessions = 1, Restarts = true });

        result.Total.Ratio.ShouldBeLessThanOrEqualTo(1.15);
    }

    [Fact(Timeout = 120_000)]
    public async Task The_same_seed_gives_the_same_figures()
    {
        TraceOptions options = Options with { Sessions = 1, StateBytes = 1L << 30 };

        ReplayResult one = await Replayer.RunAsync(model.Tokenizer, options);
        ReplayResult other = await Replayer.RunAsync(model.Tokenizer, options);

        one.Total.ShouldBe(other.Total);
        one.Total.Evictions.ShouldBeGreaterThan(0);
    }
}
