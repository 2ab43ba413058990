using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Clients;

/// <summary>Asks the running watchdog what it does.</summary>
internal static class WatchdogStatus
{
    /// <summary>Its answer, or null when none runs.</summary>
    public static async Task<Status?> ReadAsync(CancellationToken cancellationToken)
    {
        if (await WatchdogAccess.TryConnectAsync(cancellationToken).ConfigureAwait(false) is not { } connection)
            return null;
        await using (connection.ConfigureAwait(false))
        {
            await connection.TrySendAsync(new StatusRequest(), cancellationToken).ConfigureAwait(false);
            await foreach (WatchdogMessage message in connection.ReceiveAllAsync(cancellationToken).ConfigureAwait(false))
            {
                if (message is Status status)
                    return status;
            }
        }
        return null;
    }
}
