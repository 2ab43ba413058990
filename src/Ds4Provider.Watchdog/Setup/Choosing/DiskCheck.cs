using System.Globalization;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Watchdog.Setup.Choosing;

/// <summary>Whether the disk can hold what is still missing, asked before the first byte is written.</summary>
internal static class DiskCheck
{
    /// <summary>Bytes that stay free: a full disk breaks more than this program.</summary>
    public const long Reserve = 2L << 30;

    /// <summary>Whether it can.</summary>
    public static bool Holds(long missing, long free) => missing == 0 || missing + Reserve <= free;

    /// <exception cref="SetupException">It cannot.</exception>
    public static void Require(long missing, long free, ModelVariant variant)
    {
        if (Holds(missing, free))
            return;
        throw new SetupException(new Failed(
            FailureReason.NotEnoughDisk,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The {variant.Name} weights need {(missing + Reserve) / 1e9:0.0} GB of free disk space; the state directory's disk has {free / 1e9:0.0} GB."),
            "Free some space, or set DS4_HOME to a directory on a larger disk.")
        {
            NeededBytes = missing + Reserve,
            FoundBytes = free,
        });
    }
}
