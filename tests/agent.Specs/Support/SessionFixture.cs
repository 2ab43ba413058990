using Agent.Hosting;
using Agent.Modes;
using Agent.Terminal;
using AgentHost;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Specs.Support;

/// <summary>A session with a scripted provider, in a folder of its own.</summary>
internal sealed class SessionFixture : IAsyncDisposable
{
    private readonly List<IDisposable> registrations = [];

    public SessionFixture(
        IModelProvider provider, IAgentDisplay? display = null, Func<string, bool>? answer = null, AgentOptions? options = null)
    {
        Display = display ?? Recording;
        Extensions = new ExtensionHost(new ExtensionServices(NullLoggerFactory.Instance, Folder["data"]));
        registrations.Add(Extensions.Services.Providers.Add(provider));
        Ui = new AgentUi(Display, answer is null ? null : (question, _, _) => Task.FromResult(answer(question)));
        Session = new AgentSession(
            Extensions, Display, Ui, HostMode.Print, options ?? new AgentOptions(), Folder.Path, TimeProvider.System);
    }

    public TemporaryFolder Folder { get; } = new();

    public RecordingDisplay Recording { get; } = new();

    public IAgentDisplay Display { get; }

    public ExtensionHost Extensions { get; }

    public AgentUi Ui { get; }

    public AgentSession Session { get; }

    /// <summary>Handles an event as the first extension would.</summary>
    public void On<TEvent>(Action<TEvent> handler)
        where TEvent : ExtensionEvent =>
        registrations.Add(Extensions.Services.Events.Add<TEvent>((0, "spec"), 0, (e, _, _) =>
        {
            handler(e);
            return ValueTask.CompletedTask;
        }));

    public async ValueTask DisposeAsync()
    {
        Session.Dispose();
        await Extensions.DisposeAsync();
        foreach (IDisposable registration in registrations)
            registration.Dispose();
        Folder.Dispose();
    }
}
