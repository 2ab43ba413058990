namespace Ds4Provider.Wire.Specs;

/// <summary>What every test needs; used as <c>using static</c>.</summary>
internal static class SpecContext
{
    /// <summary>Cancelled when the running test exceeds its time.</summary>
    public static CancellationToken TimesUp => TestContext.Current.CancellationToken;
}
