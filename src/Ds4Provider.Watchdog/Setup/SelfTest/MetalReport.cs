namespace Ds4Provider.Watchdog.Setup.SelfTest;

/// <summary>What came out when the Metal backend was tried.</summary>
/// <param name="Passes">Whether every stage agrees with the CPU.</param>
/// <param name="Verdict">A sentence.</param>
/// <param name="Path">The whole report.</param>
/// <param name="Record">The first wrong stage with its inputs, for whoever mends it; null when there is none.</param>
internal sealed record MetalReport(bool Passes, string Verdict, string Path, string? Record)
{
    /// <summary>The files that somebody else needs to understand it.</summary>
    public string Files => Record is null ? Path : $"{Path} and {Record}";
}
