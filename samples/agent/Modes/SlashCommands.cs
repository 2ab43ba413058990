using AgentHost;
using Agent.Models;

namespace Agent.Modes;

/// <summary>What people type with a slash.</summary>
internal sealed class SlashCommands(
    AgentSession session, IExtensionUi ui, Func<IReadOnlyList<CommandDefinition>> fromExtensions, Action leave)
{
    private const string Keys = """
        Enter sends, Alt+Enter begins a new line, arrows recall earlier inputs.
        Esc or Ctrl+C cancels what is running; Ctrl+C twice leaves.
        """;

    private IReadOnlyList<CommandDefinition> Commands =>
    [
        new("model", "lists the models, or chooses one: /model ds4/demo", (name, _, token) => ModelAsync(name, token)),
        new("thinking", "shows or sets how much the model thinks: /thinking off", (level, _, _) => Thinking(level)),
        new("new", "forgets the conversation", (_, _, token) => NewAsync(token)),
        new("help", "shows this list", (_, _, _) => Help()),
        new("quit", "leaves", (_, _, _) => Quit()),
        .. fromExtensions(),
    ];

    public async Task RunAsync(string line, CancellationToken cancellationToken)
    {
        int space = line.IndexOf(' ', StringComparison.Ordinal);
        string name = space < 0 ? line[1..] : line[1..space];
        string arguments = space < 0 ? "" : line[space..].Trim();
        if (Commands.FirstOrDefault(command => command.Name == name) is { } command)
            await command.RunAsync(arguments, session.Context, cancellationToken);
        else
            ui.Notify($"There is no command /{name}; /help lists them.", Severity.Warning);
    }

    private async ValueTask ModelAsync(string name, CancellationToken cancellationToken)
    {
        if (name.Length > 0)
        {
            await session.ChooseModelAsync(name, cancellationToken);
            ui.Notify($"Using {session.Context.Model}.");
            return;
        }
        await session.Catalog.RefreshAsync(cancellationToken);
        ui.Notify(string.Join('\n', ModelList.Lines(session.Catalog.Models, session.Context.Model)));
    }

    private ValueTask Thinking(string level)
    {
        if (level.Length == 0)
            ui.Notify($"Thinking: {ThinkingLevels.NameOf(session.Context.ThinkingLevel)}");
        else if (Enum.TryParse(level, ignoreCase: true, out ThinkingLevel parsed) && Enum.IsDefined(parsed))
            session.Context.ThinkingLevel = parsed;
        else
            ui.Notify($"'{level}' is not one of: {string.Join(", ", Enum.GetValues<ThinkingLevel>().Select(ThinkingLevels.NameOf))}.", Severity.Warning);
        return ValueTask.CompletedTask;
    }

    private async ValueTask NewAsync(CancellationToken cancellationToken)
    {
        await session.RestartAsync(cancellationToken);
        ui.Notify("A new conversation.");
    }

    private ValueTask Help()
    {
        ui.Notify(string.Join('\n', Commands.Select(command => $"/{command.Name,-10} {command.Description}")) + "\n\n" + Keys);
        return ValueTask.CompletedTask;
    }

    private ValueTask Quit()
    {
        leave();
        return ValueTask.CompletedTask;
    }
}
