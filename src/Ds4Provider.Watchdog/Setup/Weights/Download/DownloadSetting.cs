namespace Ds4Provider.Watchdog.Setup.Weights.Download;

/// <summary>What every download works with.</summary>
/// <param name="Http">See <see cref="HubHttp"/>.</param>
/// <param name="Origin">Where the weights are published.</param>
/// <param name="Limits">How patiently.</param>
/// <param name="FreeDisk">Free bytes where weights are kept.</param>
/// <param name="Time">The clock.</param>
internal sealed record DownloadSetting(HttpClient Http, HubOrigin Origin, DownloadLimits Limits, Func<long> FreeDisk, TimeProvider Time);
