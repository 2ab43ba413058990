namespace Ds4Provider.Watchdog.Leases;

/// <summary>One client's claim on a model. Lives as long as its connection, or as its linger after that.</summary>
internal sealed class Lease(string client, int pid, string model)
{
    public string Client { get; } = client;

    public int Pid { get; } = pid;

    public string Model { get; set; } = model;

    /// <summary>Whether this client allows that weights are fetched for it.</summary>
    public bool MayDownload { get; set; }

    /// <summary>How long the lease outlives its connection.</summary>
    public TimeSpan Linger { get; set; }

    public override string ToString() => $"{Client} (process {Pid})";
}
