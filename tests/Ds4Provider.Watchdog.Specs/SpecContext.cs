namespace Ds4Provider.Watchdog.Specs;

/// <summary>What every test needs; used as <c>using static</c>.</summary>
internal static class SpecContext
{
    /// <summary>Milliseconds that a test may take.</summary>
    public const int Limit = 60_000;

    /// <summary>Cancelled when the running test exceeds its time.</summary>
    public static CancellationToken TimesUp => TestContext.Current.CancellationToken;

    /// <summary>Waits until something has come true; the test's time limit ends a wait in vain.</summary>
    public static async Task UntilAsync(Func<bool> condition)
    {
        while (!condition())
            await Task.Delay(10, TimesUp);
    }
}
