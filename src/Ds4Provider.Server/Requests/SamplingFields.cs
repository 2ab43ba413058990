using System.Text.Json;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>Reads the fields that every API has under the same names: sampling, limits, stop strings.</summary>
internal static class SamplingFields
{
    private const int MostStopStrings = 16;

    /// <param name="body">The body.</param>
    /// <param name="temperature">Temperature when the body names none; null = the sampler's default.</param>
    public static SamplingOptions Parse(JsonField body, double? temperature)
    {
        var defaults = new SamplingOptions();
        return new SamplingOptions
        {
            Temperature = body["temperature"].OptionalNumber(0, 2, "a number from 0 to 2") ?? temperature ?? defaults.Temperature,
            TopP = body["top_p"].OptionalNumber(double.Epsilon, 1, "a number above 0 and up to 1") ?? defaults.TopP,
            MinP = body["min_p"].OptionalNumber(0, Math.BitDecrement(1.0), "a number from 0 to below 1") ?? defaults.MinP,
            // Some clients write -1 for "off".
            TopK = Math.Max(0, body["top_k"].OptionalInteger(-1, int.MaxValue) ?? defaults.TopK),
            Seed = body["seed"].OptionalLong(),
        };
    }

    /// <summary>The strictest of the limits that the body sets under these names.</summary>
    public static int? ParseMaximum(JsonField body, params ReadOnlySpan<string> names)
    {
        int? least = null;
        foreach (string name in names)
        {
            if (body[name].OptionalInteger(1, int.MaxValue) is { } limit)
                least = Math.Min(limit, least ?? limit);
        }
        return least;
    }

    public static IReadOnlyList<string> ParseStop(JsonField stop)
    {
        if (stop.IsAbsent)
            return [];
        List<string> strings = stop.Value.ValueKind switch
        {
            JsonValueKind.String => [stop.String()],
            JsonValueKind.Array => [.. stop.Items().Select(item => item.String())],
            _ => throw stop.Unexpected("a string or an array of strings"),
        };
        strings.RemoveAll(string.IsNullOrEmpty);
        if (strings.Count > MostStopStrings)
            throw stop.Refuse($"has {strings.Count} strings; at most {MostStopStrings} are served.");
        return strings;
    }
}
