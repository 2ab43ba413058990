using System.Globalization;
using Ds4Provider.Wire.Chat;
using WireProgress = Ds4Provider.Wire.Watchdog.Progress;

namespace Ds4Provider.Progress;

/// <summary>From the words of the wire to those of this library.</summary>
internal static class ProgressTranslation
{
    // The two enumerations share their names; a specification holds them together.
    public static Ds4Progress Translate(WireProgress progress) => new(Enum.Parse<Ds4Phase>(progress.Phase.ToString()), progress.Message)
    {
        Done = progress.Done,
        Total = progress.Total,
        Unit = progress.Unit,
        PerSecond = progress.Rate,
        Remaining = progress.Remaining is >= 0 and < 1e9 and var seconds ? TimeSpan.FromSeconds(seconds) : null,
    };

    public static Ds4Progress Translate(ChatProgress progress) => progress.Phase switch
    {
        "loading" => new Ds4Progress(Ds4Phase.Loading, "Loading the model"),
        "queued" => new Ds4Progress(Ds4Phase.Queued, progress.QueuePosition is > 0 and var ahead
            ? string.Create(CultureInfo.InvariantCulture, $"Waiting behind {ahead} other request{(ahead == 1 ? "" : "s")}")
            : "Waiting for the model"),
        "generating" => new Ds4Progress(Ds4Phase.Generating, "Writing the reply" + ByTurns(progress)),
        _ => new Ds4Progress(Ds4Phase.Prefilling, "Reading the prompt" + ByTurns(progress))
        {
            Done = progress.Done,
            Total = progress.Total,
            Unit = "tokens",
            PerSecond = progress.Rate,
            Remaining = progress is { Rate: > 0, Done: { } done, Total: { } total } ? TimeSpan.FromSeconds((total - done) / progress.Rate.Value) : null,
        },
    };

    private static string ByTurns(ChatProgress progress) => progress.Others is > 0 and var others
        ? string.Create(CultureInfo.InvariantCulture, $", by turns with {others} other request{(others == 1 ? "" : "s")}")
        : "";
}
