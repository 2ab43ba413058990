using System.Runtime.InteropServices;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Ds4Provider.Engine.Specs.Native;

/// <summary>A real model of random weights, with the logits that other implementations computed.</summary>
internal static class TinyModel
{
    public const int Vocabulary = 320;

    public static int[] Tokens { get; } =
        [.. File.ReadAllText(Golden("ids.txt")).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).Select(int.Parse)];

    private static byte[] Exact { get; } = File.ReadAllBytes(Golden("logits_exact.f32"));

    public static LoadedModel Open(int threads = 1) => LoadedModel.Open(RepositoryFiles.Library, RepositoryFiles.TinyModel, threads);

    /// <summary>The logits after token <paramref name="index"/>, in exact maths.</summary>
    public static ReadOnlySpan<float> ExactLogits(int index) => MemoryMarshal.Cast<byte, float>(Exact).Slice(index * Vocabulary, Vocabulary);

    /// <summary>Relative L2 distance.</summary>
    public static double Distance(ReadOnlySpan<float> actual, ReadOnlySpan<float> expected)
    {
        var (difference, norm) = (0.0, 0.0);
        for (var i = 0; i < expected.Length; i++)
        {
            difference += Math.Pow(actual[i] - expected[i], 2);
            norm += Math.Pow(expected[i], 2);
        }

        return Math.Sqrt(difference / norm);
    }

    private static string Golden(string name) => RepositoryFiles.Of("native", "tests", "golden", name);
}
