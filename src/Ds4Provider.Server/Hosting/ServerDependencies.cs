using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Server.Hosting;

/// <summary>What a <see cref="ModelServer"/> needs from the process that runs it.</summary>
/// <param name="Engine">Makes the model, the template, parsers and samplers.</param>
public sealed record ServerDependencies(IEngineFactory Engine)
{
    /// <summary>Where logs go; never standard output, which carries events. Prompt text is logged only at Trace.</summary>
    public ILoggerFactory LoggerFactory { get; init; } = NullLoggerFactory.Instance;

    /// <summary>Clock of every timer and time stamp.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Bounds and intervals.</summary>
    public ServerLimits Limits { get; init; } = new();
}
