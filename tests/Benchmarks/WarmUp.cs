using System.Diagnostics;

namespace Benchmarks;

/// <summary>
/// Runs what is to be measured until the runtime has compiled it for good. It does so in the background, a tenth of a
/// second after the last new method was met: a number of calls says nothing, they may all be over before.
/// </summary>
internal static class WarmUp
{
    private static readonly TimeSpan Time = TimeSpan.FromSeconds(1);

    public static void Run(Action<int> action)
    {
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; Stopwatch.GetElapsedTime(start) < Time; i++)
        {
            action(i);
        }
    }
}
