using Ds4Provider;
using Ds4Provider.Registration;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Logging;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Registers the models of ds4.</summary>
public static class Ds4ServiceCollectionExtensions
{
    /// <summary>
    /// Registers <see cref="IDs4Runtime"/>, an <see cref="IChatClient"/> for each model under the model's id as key
    /// (<c>ds4/deepseek-v4-flash</c>, <c>ds4/demo</c>), and DeepSeek V4 Flash as the <see cref="IChatClient"/> without key
    /// unless there is one. Nothing starts before the first request or <see cref="IDs4Runtime.PrepareAsync"/>; the
    /// container gives the lease back when it is disposed.
    /// </summary>
    /// <param name="services">The services.</param>
    public static IServiceCollection AddDs4Provider(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton<IDs4Runtime>(provider => Ds4Runtime.Create(provider.GetService<ILoggerFactory>()));
        foreach (string model in (string[])[Ds4Model.FlashId, Ds4Model.DemoId])
            services.TryAddKeyedSingleton(model, (provider, _) => provider.GetRequiredService<IDs4Runtime>().CreateChatClient(model));
        services.TryAddSingleton(provider => provider.GetRequiredKeyedService<IChatClient>(Ds4Model.FlashId));
        return services;
    }

    /// <summary>
    /// Adds a health check: healthy while the model answers or nobody has asked for one, degraded while it is prepared,
    /// unhealthy when it cannot be had or does not answer. It starts nothing.
    /// </summary>
    /// <param name="builder">The health checks.</param>
    /// <param name="name">Name of the check.</param>
    public static IHealthChecksBuilder AddDs4Provider(this IHealthChecksBuilder builder, string name = "ds4")
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddDs4Provider();
        return builder.Add(new HealthCheckRegistration(
            name,
            provider => new Ds4HealthCheck(provider.GetRequiredService<IDs4Runtime>() as Ds4Runtime
                ?? throw new InvalidOperationException("The health check watches a Ds4Runtime; another IDs4Runtime was registered.")),
            failureStatus: null,
            tags: null));
    }
}
