using System.Diagnostics;

namespace Ds4Provider.Server.Specs.Serving;

/// <summary>Waits for what happens on another thread, within a bound.</summary>
internal static class Eventually
{
    public static async Task HoldsAsync(Func<bool> condition, string what)
    {
        long start = Stopwatch.GetTimestamp();
        while (!condition())
        {
            if (Stopwatch.GetElapsedTime(start) > TimeSpan.FromSeconds(20))
                throw new TimeoutException($"Not within 20 s: {what}.");
            await Task.Delay(5);
        }
    }
}
