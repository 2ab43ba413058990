using System.CommandLine;
using System.Text;
using Agent.Hosting;
using Agent.Models;
using Agent.Modes;
using Agent.Terminal;
using AgentHost;
using Microsoft.Extensions.Logging;

namespace Agent;

/// <summary>Puts the parts together: extensions first, because they bring options and models, then one of the modes.</summary>
internal sealed class AgentApplication(string[] arguments, TimeProvider time) : IAsyncDisposable
{
    private readonly AgentCommandLine commandLine = new();
    private readonly Signals signals = new();
    private readonly TextWriter output = Utf8(Console.OpenStandardOutput());
    private readonly TextWriter error = Utf8(Console.OpenStandardError());

    public async Task<int> RunAsync()
    {
        // Unknown options may be an extension's: they count once the extensions are there.
        ParseResult first = commandLine.Root.Parse(arguments);
        bool prints = commandLine.HasPrompt(first) || !IsTerminal;
        await using IAgentDisplay display = CreateDisplay(prints);
        using ILoggerFactory logging = LoggerFactory.Create(builder => builder
            .AddProvider(new DisplayLoggerProvider(display))
            .SetMinimumLevel(commandLine.ReadVerbose(first) ? LogLevel.Debug : LogLevel.Error));
        await using ExtensionHost extensions = new(new ExtensionServices(logging, DataDirectory));
        if (!await LoadExtensionsAsync(extensions, commandLine.ReadExtensions(first), display))
            return ExitCode.Failure;

        foreach (FlagDefinition flag in extensions.Services.Flags.Items)
            commandLine.Add(flag);
        ParseResult parsed = commandLine.Root.Parse(arguments);
        int exitCode = ExitCode.Success;
        commandLine.Root.SetAction(async (_, _) =>
        {
            extensions.Services.FlagValues = commandLine.ReadFlags(parsed);
            exitCode = await RunModeAsync(commandLine.Read(parsed), extensions, display);
        });
        // Help, version and usage errors are answered here.
        int parseCode = await parsed.InvokeAsync(new InvocationConfiguration { ProcessTerminationTimeout = null });
        return parseCode != 0 ? parseCode : exitCode;
    }

    public async ValueTask DisposeAsync()
    {
        signals.Dispose();
        await output.DisposeAsync();
        await error.DisposeAsync();
    }

    private static bool IsTerminal => !Console.IsInputRedirected && !Console.IsOutputRedirected;

    private static string DataDirectory =>
        Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".agent", "data");

    private async Task<int> RunModeAsync(AgentOptions options, ExtensionHost extensions, IAgentDisplay display)
    {
        if (options.ListModels)
            return await ListModelsAsync(extensions);
        if (options.Prompt is { } prompt)
        {
            using AgentSession printing = CreateSession(extensions, display, new AgentUi(display, ask: null), HostMode.Print, options);
            return await new PrintMode(printing, display, output).RunAsync(prompt, options.Model, signals.Token);
        }
        if (display is not LiveDisplay live)
        {
            display.Notify("A conversation needs a terminal. Give a prompt with -p, or run the agent in a terminal.", Severity.Error);
            return ExitCode.Failure;
        }
        Keyboard keyboard = new();
        AgentUi ui = new(live, new Question(live, keyboard).AskAsync);
        using AgentSession session = CreateSession(extensions, live, ui, HostMode.Interactive, options);
        keyboard.StartReading();
        InteractiveMode mode = new(session, live, keyboard, ui, () => extensions.Services.Commands.Items, time);
        return await mode.RunAsync(options.Model, signals.Token);
    }

    private async Task<int> ListModelsAsync(ExtensionHost extensions)
    {
        ModelCatalog catalog = new(() => extensions.Services.Providers.Items);
        await catalog.RefreshAsync(signals.Token);
        foreach (string line in ModelList.Lines(catalog.Models, current: null))
            await output.WriteLineAsync(line);
        return ExitCode.Success;
    }

    private AgentSession CreateSession(
        ExtensionHost extensions, IAgentDisplay display, AgentUi ui, HostMode mode, AgentOptions options) =>
        new(extensions, display, ui, mode, options, Environment.CurrentDirectory, time);

    private IAgentDisplay CreateDisplay(bool prints)
    {
        bool redirected = prints ? Console.IsErrorRedirected : Console.IsOutputRedirected;
        TextWriter writer = prints ? error : output;
        return TerminalInfo.CanDraw(redirected)
            ? new LiveDisplay(
                new Screen(writer, TerminalInfo.Size, TerminalInfo.HasColours),
                showsThinking: !prints, keepsAnswer: !prints, busyHint: prints ? null : "Esc cancels", time)
            : new PlainDisplay(writer, time);
    }

    /// <summary>Loads what was named, which must work, then what lies beside the agent, which may fail.</summary>
    private async Task<bool> LoadExtensionsAsync(ExtensionHost extensions, IReadOnlyList<string> named, IAgentDisplay display)
    {
        try
        {
            foreach (string path in named)
                await extensions.LoadAsync(path, signals.Token);
        }
        catch (ExtensionLoadException exception)
        {
            display.Notify(exception.Message, Severity.Error);
            return false;
        }
        foreach (string path in ExtensionLocator.Default(AppContext.BaseDirectory))
        {
            try
            {
                if (!extensions.IsLoaded(ExtensionLocator.Find(path).Id))
                    await extensions.LoadAsync(path, signals.Token);
            }
            catch (ExtensionLoadException exception)
            {
                display.Notify(exception.Message, Severity.Warning);
            }
        }
        return true;
    }

    private static StreamWriter Utf8(Stream stream) =>
        new(stream, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false)) { AutoFlush = false };
}
