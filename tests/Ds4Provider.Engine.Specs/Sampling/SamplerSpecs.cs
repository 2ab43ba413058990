using CsCheck;
using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Sampling;

namespace Ds4Provider.Engine.Specs.Sampling;

public class SamplerSpecs
{
    private const int Draws = 20_000;

    private static readonly float[] Logits = [0f, 2f, 1f, 2f, -1f, float.NegativeInfinity];

    [Fact]
    public void Without_temperature_the_most_likely_token_is_chosen_and_the_lowest_id_on_ties()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 0 });
        sampler.Sample(Logits, null).ShouldBe(1);
        sampler.Sample(Logits, Without(Logits, 1)).ShouldBe(3);
        sampler.Sample(Logits, Without(Logits, 1, 3)).ShouldBe(2);
    }

    [Fact]
    public void The_most_likely_token_can_be_asked_for_at_any_temperature()
    {
        var sampler = new Sampler(new SamplingOptions { Temperature = 100, MinP = 0 });
        for (var i = 0; i < 50; i++)
        {
            sampler.Best(Logits, null).ShouldBe(1);
            sampler.Best(Logits, Without(Logits, 1)).ShouldBe(3);
        }
    }

    [Fact]
    public void A_masked_token_is_never_chosen() => Gen.Select(Gen.Float[-10, 10].Array[2, 40], Gen.Int[0, 1000], Gen.Double[0, 2], Gen.Double[0, 1.2], Gen.Int[0, 5], Gen.Long)
        .Sample((logits, mask, temperature, share, topK, seed) =>
        {
            var masked = mask % logits.Length;
            var sampler = new Sampler(new SamplingOptions { Temperature = temperature, TopP = share, MinP = share / 2, TopK = topK, Seed = seed });
            for (var i = 0; i < 20; i++)
            {
                sampler.Sample(logits, Without(logits, masked)).ShouldNotBe(masked);
            }
        });

    [Fact]
    public void Without_limits_every_token_comes_as_often_as_its_probability() =>
        Shares(new SamplingOptions { MinP = 0 }).ShouldBe(Softmax(1), tolerance: 0.02);

    [Fact]
    public void Temperature_divides_the_logits() =>
        Shares(new SamplingOptions { MinP = 0, Temperature = 2 }).ShouldBe(Softmax(2), tolerance: 0.02);

    [Fact]
    public void Min_p_is_relative_to_the_most_likely_token_after_temperature()
    {
        // exp(-1) = 0.37, exp(-2) = 0.14, exp(-3) = 0.05
        Chosen(new SamplingOptions { MinP = 0.3 }).ShouldBe([1, 2, 3]);
        Chosen(new SamplingOptions { MinP = 0.1 }).ShouldBe([0, 1, 2, 3]);
        Chosen(new SamplingOptions { MinP = 0.3, Temperature = 2 }).ShouldBe([0, 1, 2, 3]);
        Chosen(new SamplingOptions { MinP = 1 }).ShouldBe([1, 3]);
        Chosen(new SamplingOptions { MinP = 7 }).ShouldBe([1, 3]);
    }

    [Fact]
    public void Top_p_keeps_tokens_until_their_share_is_reached()
    {
        var shares = Softmax(1);
        Chosen(new SamplingOptions { MinP = 0, TopP = shares[1] - 0.01 }).ShouldBe([1]);
        Chosen(new SamplingOptions { MinP = 0, TopP = shares[1] + 0.01 }).ShouldBe([1, 3]);
        Chosen(new SamplingOptions { MinP = 0, TopP = (2 * shares[1]) + 0.01 }).ShouldBe([1, 2, 3]);
        Chosen(new SamplingOptions { MinP = 0.3, TopP = 0.999 }).ShouldBe([1, 2, 3]);
    }

    [Fact]
    public void Top_k_keeps_the_most_likely_tokens_and_the_lowest_ids_of_equals()
    {
        Chosen(new SamplingOptions { MinP = 0, TopK = 1 }).ShouldBe([1]);
        Chosen(new SamplingOptions { MinP = 0, TopK = 3 }).ShouldBe([1, 2, 3]);
        Chosen(new SamplingOptions { MinP = 0, TopK = 50 }).ShouldBe([0, 1, 2, 3, 4]);
        Chosen(new SamplingOptions { MinP = 0, TopK = 3, TopP = 0.5 }).ShouldBe([1, 3]); // 0.42, 0.84 of the three
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-0.5)]
    [InlineData(1.5)]
    [InlineData(double.NaN)]
    public void A_share_out_of_range_is_off(double share) =>
        Chosen(new SamplingOptions { MinP = Math.Min(share, 0), TopP = share }).ShouldBe([0, 1, 2, 3, 4]);

    [Fact]
    public void A_nucleus_in_a_flat_distribution_is_found_too()
    {
        var logits = Enumerable.Range(0, 10_000).Select(id => -20f * (id % 100) / 100).ToArray();
        var sampler = new Sampler(new SamplingOptions { MinP = 0, TopP = 0.99999, Seed = 1 });
        for (var i = 0; i < 50; i++)
        {
            sampler.Sample(logits, null).ShouldBeInRange(0, logits.Length - 1);
        }
    }

    [Fact]
    public void A_seed_repeats_a_reply() => Gen.Long.Sample(seed =>
    {
        var options = new SamplingOptions { Seed = seed, MinP = 0 };
        var (one, other) = (new Sampler(options), new Sampler(options));
        for (var i = 0; i < 50; i++)
        {
            one.Sample(Logits, null).ShouldBe(other.Sample(Logits, null));
        }
    });

    [Fact]
    public void Neighbouring_seeds_begin_differently()
    {
        var firsts = Enumerable.Range(0, 2_000).Select(seed => new Sampler(new SamplingOptions { Seed = seed, MinP = 0 }).Sample(Logits, null));
        var shares = firsts.GroupBy(token => token).ToDictionary(group => group.Key, group => group.Count() / 2_000.0);
        shares[1].ShouldBe(Softmax(1)[1], tolerance: 0.05);
    }

    [Fact]
    public void Without_a_seed_replies_differ()
    {
        var replies = Enumerable.Range(0, 8).Select(_ =>
        {
            var sampler = new Sampler(new SamplingOptions { MinP = 0 });
            return string.Join(',', Enumerable.Range(0, 40).Select(_ => sampler.Sample(Logits, null)));
        });
        replies.Distinct().Count().ShouldBeGreaterThan(1);
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void A_logit_that_is_no_number_is_an_error_that_names_the_token(float logit)
    {
        var failure = Should.Throw<EngineException>(() => new Sampler(new SamplingOptions()).Sample([1f, logit, 2f], null));
        failure.Status.ShouldBe(EngineStatus.Poisoned);
        failure.Message.ShouldContain("token 1");
    }

    [Fact]
    public void A_mask_that_leaves_nothing_is_an_error() =>
        Should.Throw<EngineException>(() => new Sampler(new SamplingOptions()).Sample([1f, 2f], new TokenSet(2))).Message.ShouldContain("masked");

    /// <summary>The plain reading of the rules, number by number.</summary>
    [Fact]
    public void Masks_and_vectors_choose_as_a_plain_loop_does() => Gen.Select(
            Gen.OneOf(Gen.Float[-10, 10], Gen.Int[-3, 3].Select(value => (float)value), Gen.Const(float.NegativeInfinity)).Array[1, 400], Gen.Int)
        .Sample((logits, seed) =>
        {
            var random = new Random(seed);
            var allowed = new TokenSet(logits.Length);
            for (var token = 0; token < logits.Length; token++)
            {
                if (random.Next(3) > 0)
                {
                    allowed.Add(token);
                }
            }

            var choice = new AllowedLogits(logits, allowed.Words);
            var possible = Enumerable.Range(0, logits.Length).Where(token => allowed.Contains(token) && !float.IsNegativeInfinity(logits[token])).ToList();
            var best = possible.Count == 0 ? -1 : possible.MaxBy(token => logits[token]);
            choice.FindBest(out var notANumber).ShouldBe(best);
            notANumber.ShouldBe(-1);

            var least = (float)random.Next(-4, 4);
            var collected = new int[logits.Length];
            var count = choice.Collect(least, collected);
            collected[..count].ShouldBe(possible.Where(token => logits[token] >= least));

            var k = random.Next(1, 20);
            var kept = new int[logits.Length];
            count = new TopTokens(k).Keep(choice, kept);
            kept[..count].ShouldBe(possible.OrderByDescending(token => logits[token]).ThenBy(token => token).Take(k));

            if (best >= 0)
            {
                var sum = possible.Sum(token => Math.Exp((logits[token] - (double)logits[best]) / 0.7));
                choice.SumOfWeights(logits[best], 0.7).ShouldBe(sum, sum * 1e-5);
            }
        });

    private static TokenSet Without(float[] logits, params int[] masked)
    {
        var allowed = TokenSet.All(logits.Length);
        foreach (var token in masked)
        {
            allowed.Remove(token);
        }

        return allowed;
    }

    private static double[] Softmax(double temperature)
    {
        var weights = Logits.Select(logit => Math.Exp(logit / temperature)).ToArray();
        return [.. weights.Select(weight => weight / weights.Sum())];
    }

    private static double[] Shares(SamplingOptions options)
    {
        var sampler = new Sampler(options with { Seed = 7 });
        var counts = new double[Logits.Length];
        for (var i = 0; i < Draws; i++)
        {
            counts[sampler.Sample(Logits, null)]++;
        }

        return [.. counts.Select(count => count / Draws)];
    }

    private static int[] Chosen(SamplingOptions options) =>
        [.. Shares(options).Select((share, id) => (share, id)).Where(token => token.share > 0).Select(token => token.id)];
}
