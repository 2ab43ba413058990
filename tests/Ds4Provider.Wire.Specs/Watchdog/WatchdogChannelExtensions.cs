using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Wire.Specs.Watchdog;

internal static class WatchdogChannelExtensions
{
    public static async Task ReceiveAllToEndAsync(this WatchdogChannel channel)
    {
        while (await channel.ReceiveAsync(TimesUp) is not null)
        {
        }
    }
}
