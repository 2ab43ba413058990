using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent.Hosting;

/// <summary>What all extensions share: the registries that they fill, and the host's log and files.</summary>
internal sealed class ExtensionServices(ILoggerFactory logging, string dataDirectory)
{
    public ILoggerFactory Logging { get; } = logging;

    /// <summary>Parent of the extensions' data directories.</summary>
    public string DataDirectory { get; } = dataDirectory;

    public Registry<IModelProvider> Providers { get; } = new("provider", provider => provider.Id);

    public Registry<ToolDefinition> Tools { get; } = new("tool of an extension", tool => tool.Name);

    public Registry<CommandDefinition> Commands { get; } = new("command", command => command.Name);

    public Registry<FlagDefinition> Flags { get; } = new("flag", flag => flag.Name);

    public EventHub Events { get; } = new(logging.CreateLogger<EventHub>());

    /// <summary>Flags given on the command line, with their values.</summary>
    public IReadOnlyDictionary<string, string> FlagValues { get; set; } = new Dictionary<string, string>();
}
