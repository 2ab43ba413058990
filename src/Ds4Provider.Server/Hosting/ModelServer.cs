using System.Runtime.InteropServices;
using System.Text.Json;
using System.Threading.Channels;
using Ds4Provider.Server.Generation;
using Ds4Provider.Wire.Server;

namespace Ds4Provider.Server.Hosting;

/// <summary>
/// The model server's life, as <c>ds4 server</c> runs it: the first line of input configures it, later lines command
/// it, the end of input stops it; events go to the output.
/// </summary>
public static class ModelServer
{
    /// <summary>Runs until the input ends, SIGTERM arrives or the token is cancelled; then drains and stops.</summary>
    /// <param name="input">The life line: a <see cref="ServerConfiguration"/>, then <see cref="ServerCommand"/>s.</param>
    /// <param name="output">Receives <see cref="ServerEvent"/> lines and nothing else.</param>
    /// <param name="dependencies">What the process provides.</param>
    /// <param name="cancellationToken">Stops the server like the end of the input.</param>
    /// <returns>The exit code: 0 after an orderly stop, 1 when the server could not start.</returns>
    public static async Task<int> RunAsync(
        TextReader input, TextWriter output, ServerDependencies dependencies, CancellationToken cancellationToken = default)
    {
        var events = new ServerEventWriter(output);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        using PosixSignalRegistration sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal =>
        {
            signal.Cancel = true;
            stop.Cancel();
        });
        ChannelReader<string> lines = InputLines.Read(input);
        if (await ReadConfigurationAsync(lines, events, stop.Token).ConfigureAwait(false) is not { } configuration)
            return 1;
        var server = new RunningServer(configuration, dependencies, events);
        await using (server.ConfigureAwait(false))
            return await RunAsync(server, lines, events, stop.Token).ConfigureAwait(false);
    }

    private static async Task<int> RunAsync(
        RunningServer server, ChannelReader<string> lines, ServerEventWriter events, CancellationToken stop)
    {
        if (!await BindAsync(server, events, stop).ConfigureAwait(false))
            return 1;
        Task commands = ServeCommandsAsync(server, lines, events, stop);
        bool started = await ReportLoadedAsync(server, commands, events).ConfigureAwait(false);
        if (started)
            await commands.ConfigureAwait(false);
        // Before clients hear it: whoever asks the watchdog for the model again must not be sent back here.
        if (started)
            events.Write(new ServerStopping());
        await server.StopAsync().ConfigureAwait(false);
        return started ? 0 : 1;
    }

    private static async Task<ServerConfiguration?> ReadConfigurationAsync(
        ChannelReader<string> lines, ServerEventWriter events, CancellationToken stop)
    {
        const string Hint = "Start the server through the watchdog, which writes its configuration as the first line of standard input.";
        try
        {
            string line = await lines.ReadAsync(stop).ConfigureAwait(false);
            return ServerProtocol.ReadConfiguration(line);
        }
        catch (JsonException malformed)
        {
            events.Write(new ServerFailed($"The first line of standard input is not a configuration: {malformed.Message}", Hint));
        }
        catch (ChannelClosedException)
        {
            events.Write(new ServerFailed("Standard input ended before the configuration came.", Hint));
        }
        catch (OperationCanceledException)
        {
            events.Write(new ServerFailed("The server was stopped before its configuration came.", Hint));
        }
        return null;
    }

    private static async Task<bool> BindAsync(RunningServer server, ServerEventWriter events, CancellationToken stop)
    {
        try
        {
            await server.BindAsync(stop).ConfigureAwait(false);
            return true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            events.Write(new ServerFailed(
                $"The socket {server.Configuration.Socket} cannot be opened: {failure.Message}",
                "Check that its directory exists, belongs to you, and that no other server runs."));
            return false;
        }
    }

    /// <summary>Tells the end of loading; false when the model could not be loaded.</summary>
    private static async Task<bool> ReportLoadedAsync(RunningServer server, Task commands, ServerEventWriter events)
    {
        events.Write(new ServerLoading($"Loading {server.Configuration.DisplayName ?? server.Configuration.ModelId}"));
        server.Load();
        if (await Task.WhenAny(server.Loaded, commands).ConfigureAwait(false) == commands)
            return true;
        try
        {
            ServedModel model = await server.Loaded.ConfigureAwait(false);
            events.Write(new ServerReady(server.Configuration.ModelId, model.ContextWindow) { ComputesOn = model.ComputesOn });
            return true;
        }
        catch (Exception failure) when (failure is not OutOfMemoryException)
        {
            events.Write(new ServerFailed(
                $"The model {server.Configuration.ModelPath} cannot be loaded: {failure.Message}",
                "See the server's log; `ds4 doctor` checks the engine and the weights."));
            return false;
        }
    }

    /// <summary>Obeys commands until the input ends or the server is to stop.</summary>
    private static async Task ServeCommandsAsync(
        RunningServer server, ChannelReader<string> lines, ServerEventWriter events, CancellationToken stop)
    {
        try
        {
            await foreach (string line in lines.ReadAllAsync(stop).ConfigureAwait(false))
            {
                if (await server.ObeyAsync(line, stop).ConfigureAwait(false) is { } answer)
                    events.Write(answer);
            }
        }
        catch (OperationCanceledException)
        {
            // Asked to stop.
        }
    }
}
