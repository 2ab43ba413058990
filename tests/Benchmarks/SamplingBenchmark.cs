using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Sampling;

namespace Benchmarks;

/// <summary>Choosing one of all tokens.</summary>
internal sealed class SamplingBenchmark(int vocabularySize)
{
    private const int Calls = 1_000;

    private readonly float[][] _logits = MakeLogits(vocabularySize);

    public void Run()
    {
        Measure("sample, greedy", new SamplingOptions { Temperature = 0 }, null);
        Measure("sample, default settings", new SamplingOptions { Seed = 1 }, null);
        Measure("sample, default settings, masked", new SamplingOptions { Seed = 1 }, EverySecond());
        Measure("sample, top-p 0.95", new SamplingOptions { Seed = 1, MinP = 0, TopP = 0.95 }, null);
        Measure("sample, top-k 40", new SamplingOptions { Seed = 1, MinP = 0, TopK = 40 }, null);
    }

    /// <summary>Bell-shaped like a model's, with a few likely tokens.</summary>
    private static float[][] MakeLogits(int size)
    {
        var random = new Random(1);
        return [.. Enumerable.Range(0, 8).Select(_ =>
        {
            var logits = Enumerable.Range(0, size).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5) * 8).ToArray();
            for (var i = 0; i < 20; i++)
            {
                logits[random.Next(size)] = 14 + (random.NextSingle() * 6);
            }

            return logits;
        })];
    }

    private TokenSet EverySecond()
    {
        var allowed = new TokenSet(vocabularySize);
        for (var token = 0; token < vocabularySize; token += 2)
        {
            allowed.Add(token);
        }

        return allowed;
    }

    private void Measure(string name, SamplingOptions options, TokenSet? allowed)
    {
        var sampler = new Sampler(options);
        WarmUp.Run(i => sampler.Sample(_logits[i % _logits.Length], allowed));

        var times = new Percentiles(name);
        for (var i = 0; i < Calls; i++)
        {
            for (var pass = 0; pass < 5; pass++)
            {
                times.Rewind(pass == 0 ? 0 : 1);
                times.Measure(() => sampler.Sample(_logits[i % _logits.Length], allowed));
            }
        }

        times.Print();
    }
}
