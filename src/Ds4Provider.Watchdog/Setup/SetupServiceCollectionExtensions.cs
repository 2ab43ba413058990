using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Watchdog.Setup.SelfTest;
using Ds4Provider.Watchdog.Setup.Weights;
using Ds4Provider.Watchdog.Setup.Weights.Download;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Setup;

/// <summary>Registers the steps of a setup.</summary>
internal static class SetupServiceCollectionExtensions
{
    public static IServiceCollection AddModelSetup(this IServiceCollection services, WatchdogOptions options)
    {
        services.AddSingleton<IMachine>(new Machine(options.Paths.Models));
        services.AddWeightStore(options);
        services.AddSingleton(new PayloadFolder(options.Payload));
        services.AddSingleton(provider => new PrebuiltEngine(
            provider.GetRequiredService<PayloadFolder>(), options.Paths, provider.GetRequiredService<ILogger<PrebuiltEngine>>()));
        services.AddSingleton(provider => new EngineBuilder(
            provider.GetRequiredService<PayloadFolder>(), provider.GetRequiredService<PrebuiltEngine>(), options.Paths, provider.GetRequiredService<ILogger<EngineBuilder>>()));
        services.AddSingleton(provider => new EngineSelfTest(
            provider.GetRequiredService<PayloadFolder>(), options.Paths, provider.GetRequiredService<ILogger<EngineSelfTest>>()));
        services.AddSingleton<IModelSetup>(provider => new ModelSetup(
            provider.GetRequiredService<IMachine>(),
            provider.GetRequiredService<IWeightStore>(),
            provider.GetRequiredService<PayloadFolder>(),
            provider.GetRequiredService<EngineBuilder>(),
            provider.GetRequiredService<EngineSelfTest>(),
            options.Variants,
            options.Variant));
        return services;
    }

    private static void AddWeightStore(this IServiceCollection services, WatchdogOptions options) =>
        services.AddSingleton<IWeightStore>(provider => new WeightStore(
            options.Paths.Models,
            new Lazy<Downloader>(() => CreateDownloader(provider, options)),
            options.Environment,
            provider.GetRequiredService<ILogger<WeightStore>>()));

    // Its client of HTTP is no service: the very registration would load the library, which few setups need. It lives as
    // long as the process.
    private static Downloader CreateDownloader(IServiceProvider provider, WatchdogOptions options)
    {
        HttpClient http = HubHttp.Create(options.Version);
        var origin = new HubOrigin(http, options.Hub, () => HubToken.Find(options.Environment), options.Downloads.Stall);
        IMachine machine = provider.GetRequiredService<IMachine>();
        var setting = new DownloadSetting(http, origin, options.Downloads, () => machine.Inspect().FreeDisk, provider.GetRequiredService<TimeProvider>());
        return new Downloader(setting, provider.GetRequiredService<ILogger<Downloader>>());
    }
}
