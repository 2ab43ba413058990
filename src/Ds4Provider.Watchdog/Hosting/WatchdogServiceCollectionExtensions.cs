using Ds4Provider.Watchdog.Leases;
using Ds4Provider.Watchdog.Setup;
using Ds4Provider.Watchdog.Supervision;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Hosting;

/// <summary>Registers the watchdog.</summary>
public static class WatchdogServiceCollectionExtensions
{
    /// <summary>
    /// Adds the watchdog as a hosted service. Logging is the caller's; a <see cref="TimeProvider"/> that is registered
    /// already is kept.
    /// </summary>
    public static IServiceCollection AddWatchdog(this IServiceCollection services, WatchdogOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(options);
        services.AddModelSetup(options);
        services.AddSingleton(provider => new ServerSupervisor(
            options.Server,
            options.Limits,
            options.Paths,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ServerSupervisor>>()));
        services.AddSingleton<IModelRunner, ModelRunner>();
        services.AddSingleton(provider => new BackupExclusion(BackupExclusion.SystemCommand, provider.GetRequiredService<ILogger<BackupExclusion>>()));
        services.AddSingleton<IWakeLock>(provider => new WakeLock(
            WakeLock.SystemCommand, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<WakeLock>>()));
        services.AddSingleton<StrainWatch>();
        services.AddSingleton(provider => new Coordinator(
            provider.GetRequiredService<IModelRunner>(),
            provider.GetRequiredService<TimeProvider>(),
            options.Grace,
            options.Version,
            provider.GetRequiredService<IWakeLock>(),
            provider.GetRequiredService<StrainWatch>(),
            provider.GetRequiredService<ILogger<Coordinator>>()));
        services.AddHostedService<WatchdogService>();
        // The server's own limits decide how long stopping takes; the host must not be shorter.
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.Limits.Drain + options.Limits.Terminate + TimeSpan.FromSeconds(30));
        return services;
    }
}
