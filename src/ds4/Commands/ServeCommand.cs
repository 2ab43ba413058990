using System.CommandLine;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 serve</c>: a lease with a TCP listener, for programs that speak HTTP.</summary>
internal static class ServeCommand
{
    private const string Prefix = "ds4/";

    public static Command Create()
    {
        var model = new Argument<string>("model")
        {
            Description = "deepseek-v4-flash, or demo: a toy of a few megabytes that runs anywhere.",
            DefaultValueFactory = _ => "deepseek-v4-flash",
        };
        var port = new Option<int>("--port", "-p") { Description = "TCP port on the loopback interface; 0 takes a free one.", DefaultValueFactory = _ => 0 };
        var command = new Command("serve", "Keeps a model running and opens it to programs on this machine over HTTP, until Ctrl-C.") { model, port };
        command.SetAction(parsed => RunAsync(Id(parsed.GetValue(model)!), parsed.GetValue(port)));
        return command;
    }

    private static string Id(string model) => model.StartsWith(Prefix, StringComparison.Ordinal) ? model[Prefix.Length..] : model;

    private static async Task<int> RunAsync(string model, int port)
    {
        using var interruption = new Interruption();
        try
        {
            WatchdogConnection connection = await WatchdogAccess.ConnectAsync("ds4 serve", interruption.Token).ConfigureAwait(false);
            await using (connection.ConfigureAwait(false))
                return await ServeAsync(connection, model, port, interruption.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("The lease is given back; ds4 stops when nobody else uses it.").ConfigureAwait(false);
            return ExitCode.Done;
        }
    }

    private static async Task<int> ServeAsync(WatchdogConnection connection, string model, int port, CancellationToken interrupted)
    {
        var printer = new ProgressPrinter(Console.Error, TimeProvider.System);
        Ready? first = null;
        await connection.SendAsync(new Acquire(model), interrupted).ConfigureAwait(false);
        await foreach (WatchdogMessage message in connection.ReceiveAllAsync(interrupted).ConfigureAwait(false))
        {
            switch (message)
            {
                case Progress progress:
                    printer.Print(progress);
                    break;
                case Ready ready when first is null:
                    first = ready;
                    await connection.SendAsync(new Listen("127.0.0.1", port), interrupted).ConfigureAwait(false);
                    break;
                case Ready:
                    // The watchdog opens the same address with the same key after a restart.
                    await Console.Error.WriteLineAsync("The server is back.").ConfigureAwait(false);
                    break;
                case Listening listening:
                    Console.Write(Describe(first!, listening));
                    break;
                case Failed failed:
                    return Failures.Report(failed);
                case Stopping stopping:
                    await Console.Error.WriteLineAsync(stopping.Reason).ConfigureAwait(false);
                    return ExitCode.Failed;
            }
        }
        await Console.Error.WriteLineAsync("ds4: the watchdog has ended; see `ds4 logs`.").ConfigureAwait(false);
        return ExitCode.Failed;
    }

    private static string Describe(Ready ready, Listening listening) =>
        $"""
        {ready.DisplayName ?? ready.Model} answers.

          OpenAI base URL     {listening.Address.TrimEnd('/')}/v1
          Anthropic base URL  {listening.Address.TrimEnd('/')}
          API key             {listening.ApiKey}
          model               {Prefix}{ready.Model}, context {ready.ContextWindow} tokens

        Press Ctrl-C to stop.

        """;
}
