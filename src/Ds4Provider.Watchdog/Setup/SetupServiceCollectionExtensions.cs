using Ds4Provider.Watchdog.Hosting;
using Ds4Provider.Watchdog.Setup.Choosing;
using Ds4Provider.Watchdog.Setup.Engine;
using Ds4Provider.Watchdog.Setup.SelfTest;
using Ds4Provider.Watchdog.Setup.Weights;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Ds4Provider.Watchdog.Setup;

/// <summary>Registers the steps of a setup.</summary>
internal static class SetupServiceCollectionExtensions
{
    public static IServiceCollection AddModelSetup(this IServiceCollection services, WatchdogOptions options)
    {
        services.AddSingleton<IMachine>(new Machine(options.Paths.Models));
        services.AddSingleton(new PayloadFolder(options.Payload));
        services.AddSingleton<IWeightStore>(new WeightFolder(options.Paths.Models));
        services.AddSingleton(provider => new EngineBuilder(
            provider.GetRequiredService<PayloadFolder>(), options.Paths, provider.GetRequiredService<ILogger<EngineBuilder>>()));
        services.AddSingleton(provider => new EngineSelfTest(
            provider.GetRequiredService<PayloadFolder>(), options.Paths, provider.GetRequiredService<ILogger<EngineSelfTest>>()));
        services.AddSingleton<IModelSetup>(provider => new ModelSetup(
            provider.GetRequiredService<IMachine>(),
            provider.GetRequiredService<IWeightStore>(),
            provider.GetRequiredService<PayloadFolder>(),
            provider.GetRequiredService<EngineBuilder>(),
            provider.GetRequiredService<EngineSelfTest>(),
            options.Variant));
        return services;
    }
}
