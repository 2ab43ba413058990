using System.Globalization;
using Ds4Provider.Watchdog.Setup.Choosing;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Supervision;

/// <summary>Says once when disk or memory run short, and again only after they did not for a while. One caller at a time.</summary>
internal sealed partial class StrainWatch(IMachine machine, ILogger<StrainWatch> logger)
{
    /// <summary>So many looks without strain are needed before memory may be short anew.</summary>
    private const int CalmLooks = 10;

    private bool _toldOfDisk;
    private int _looksUntilMemoryIsNews;

    /// <summary>Time from one look to the next.</summary>
    public static TimeSpan Interval { get; } = TimeSpan.FromSeconds(30);

    /// <summary>Looks at the machine; what people should know now.</summary>
    public IReadOnlyList<string> Look()
    {
        try
        {
            MachineStrain strain = machine.Measure();
            return [.. DiskNews(strain.FreeDisk), .. MemoryNews(strain.IsMemoryShort)];
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            LogNotMeasured(logger, failure.Message);
            return [];
        }
    }

    private IEnumerable<string> DiskNews(long free)
    {
        // Not at every crossing: what is written and removed meanwhile moves it to and fro.
        bool wasTold = _toldOfDisk;
        _toldOfDisk = free < DiskCheck.Reserve || (wasTold && free < 2 * DiskCheck.Reserve);
        if (_toldOfDisk && !wasTold)
        {
            yield return string.Create(
                CultureInfo.InvariantCulture,
                $"The disk of the state directory has only {free / 1e9:0.0} GB left: conversations may have to be read again after a restart. Free some space.");
        }
    }

    private IEnumerable<string> MemoryNews(bool isShort)
    {
        bool isNews = isShort && _looksUntilMemoryIsNews == 0;
        _looksUntilMemoryIsNews = isShort ? CalmLooks : Math.Max(0, _looksUntilMemoryIsNews - 1);
        if (isNews)
            yield return "Memory is short: the system pushes the model's weights out, and replies become slow. Close other programs.";
    }

    [LoggerMessage(LogLevel.Warning, "The strain of the machine cannot be measured: {Reason}")]
    private static partial void LogNotMeasured(ILogger logger, string reason);
}
