using Ds4Provider.Engine;
using Ds4Provider.Wire.Server;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Server.Hosting;

/// <summary>What a <see cref="ModelServer"/> needs from the process that runs it.</summary>
public sealed record ServerDependencies
{
    /// <summary>Opens the model; blocks until its weights are mapped, and throws what was wrong with them.</summary>
    public Func<ServerConfiguration, LoadedModel> OpenModel { get; init; } =
        static configuration => LoadedModel.Open(configuration.Library, configuration.ModelPath, configuration.Threads);

    /// <summary>Where logs go; never standard output, which carries events. Prompt text is logged only at Trace.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Clock of every timer and time stamp.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Bounds and intervals.</summary>
    public ServerLimits Limits { get; init; } = new();
}
