using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent.Hosting;

/// <summary>The host as one extension sees it: records what it registers, commits it together, takes all of it back.</summary>
internal sealed class ExtensionApi(ExtensionManifest manifest, int position, ExtensionServices services, ExtensionLifetime lifetime)
    : IExtensionApi
{
    private readonly Lock gate = new();
    private readonly List<Registration> registrations = [];
    private readonly HashSet<string> flags = new(StringComparer.Ordinal);
    private State state = State.Activating;

    private enum State
    {
        Activating,
        Active,
        Unloaded,
    }

    public string ExtensionId => Checked(manifest.Id);

    public string ContentDirectory => Checked(Path.GetDirectoryName(manifest.AssemblyPath)!);

    public string DataDirectory => Checked(Path.Combine(services.DataDirectory, manifest.Id));

    public ILoggerFactory Logging => Checked(services.Logging);

    public IExtensionLifetime Lifetime => Checked(lifetime);

    public IDisposable RegisterProvider(IModelProvider provider) => Register(() => services.Providers.Add(provider));

    public IDisposable RegisterTool(ToolDefinition tool) => Register(() => services.Tools.Add(tool));

    public IDisposable RegisterCommand(CommandDefinition command) => Register(() => services.Commands.Add(command));

    public IDisposable RegisterFlag(FlagDefinition flag)
    {
        lock (gate)
        {
            if (state == State.Active)
                throw new InvalidOperationException($"The flag --{flag.Name} comes too late: flags are declared during activation.");
            flags.Add(flag.Name);
        }
        return Register(() => services.Flags.Add(flag));
    }

    public string? GetFlag(string name)
    {
        lock (gate)
        {
            return Checked(flags).Contains(name)
                ? services.FlagValues.GetValueOrDefault(name)
                : throw new ArgumentException($"The extension '{manifest.Id}' has not declared a flag --{name}.", nameof(name));
        }
    }

    public IDisposable On<TEvent>(ExtensionHandler<TEvent> handler, int order = 0)
        where TEvent : ExtensionEvent =>
        Register(() => services.Events.Add((position, manifest.Id), order, handler));

    /// <summary>Puts everything that was registered so far into effect, or nothing of it.</summary>
    public void Commit()
    {
        lock (gate)
        {
            state = State.Active;
            foreach (Registration registration in registrations)
                registration.Apply();
        }
    }

    /// <summary>Takes everything back; the API cannot be used any more.</summary>
    public void Revoke()
    {
        lock (gate)
        {
            state = State.Unloaded;
            foreach (Registration registration in Enumerable.Reverse(registrations))
                registration.Dispose();
            registrations.Clear();
        }
    }

    private Registration Register(Func<IDisposable> apply)
    {
        lock (gate)
        {
            Registration registration = new(apply);
            if (Checked(state) == State.Active)
                registration.Apply();
            registrations.Add(registration);
            return registration;
        }
    }

    private T Checked<T>(T value) => state == State.Unloaded ? throw new ExtensionUnloadedException(manifest.Id) : value;
}
