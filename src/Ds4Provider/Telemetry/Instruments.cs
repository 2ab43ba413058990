using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ds4Provider.Telemetry;

/// <summary>
/// The one source of spans and the one meter of the library, both named <c>Ds4Provider</c>, after OpenTelemetry's semantic
/// conventions for generative AI. They cost next to nothing while nobody listens.
/// </summary>
internal static class Instruments
{
    public const string Name = "Ds4Provider";

    private static readonly Meter Meter = new(Name);

    public static ActivitySource Source { get; } = new(Name);

    public static Histogram<double> Duration { get; } = Meter.CreateHistogram(
        "gen_ai.client.operation.duration", "s", "Duration of a reply, the wait for the model included.", advice: new InstrumentAdvice<double>
        {
            HistogramBucketBoundaries = [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92],
        });

    public static Histogram<long> Tokens { get; } = Meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Tokens of prompts and replies.", advice: new InstrumentAdvice<long>
        {
            HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576],
        });
}
