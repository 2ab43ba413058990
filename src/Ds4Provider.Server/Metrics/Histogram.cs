using System.Globalization;

namespace Ds4Provider.Server.Metrics;

/// <summary>Counts values by size. Not thread-safe.</summary>
/// <param name="bounds">Upper bounds, ascending.</param>
internal sealed class Histogram(double[] bounds)
{
    private readonly long[] counts = new long[bounds.Length + 1];
    private double sum;

    public void Add(double value)
    {
        int bucket = 0;
        while (bucket < bounds.Length && value > bounds[bucket])
            bucket++;
        counts[bucket]++;
        sum += value;
    }

    /// <summary>Writes buckets (each counts all smaller values too), sum and count.</summary>
    public void Write(PrometheusText text, string name, (string Name, string Value) label)
    {
        long total = 0;
        for (int i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            string bound = i < bounds.Length ? bounds[i].ToString(CultureInfo.InvariantCulture) : "+Inf";
            text.Sample(name + "_bucket", total, label, ("le", bound));
        }
        text.Sample(name + "_sum", sum, label);
        text.Sample(name + "_count", total, label);
    }
}
