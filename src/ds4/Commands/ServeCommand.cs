using System.CommandLine;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Wire.Watchdog;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 serve</c>: a lease with a TCP listener, for programs that speak HTTP.</summary>
internal static class ServeCommand
{
    private const int FirstPort = 18400;

    public static Command Create()
    {
        Argument<string> model = ModelArgument.Create();
        var host = new Option<string>("--host")
        {
            Description = "Address of an interface; anything but a loopback address opens the model to other machines that have the key.",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var port = new Option<int?>("--port", "-p") { Description = "TCP port; 0 takes a free one. Without it: the port of the last time." };
        Option<bool> download = ModelArgument.DownloadOption();
        Option<bool> json = JsonOutput.Option();
        var command = new Command("serve", "Keeps a model running and opens it to other programs over HTTP, until Ctrl-C. Port and key stay the same from one time to the next.")
        {
            model, host, port, download, json,
        };
        host.Validators.Add(result =>
        {
            if (!IPAddress.TryParse(result.GetValueOrDefault<string>(), out _))
                result.AddError($"--host takes an address such as 127.0.0.1, not {result.GetValueOrDefault<string>()}.");
        });
        port.Validators.Add(result =>
        {
            // What is no number at all is told by the parser.
            if (result.Tokens is [var token] && int.TryParse(token.Value, CultureInfo.InvariantCulture, out int number)
                && number is < IPEndPoint.MinPort or > IPEndPoint.MaxPort)
                result.AddError($"--port takes 0 to {IPEndPoint.MaxPort}.");
        });
        command.SetAction(parsed => RunAsync(
            new ServeRequest(ModelArgument.Id(parsed.GetValue(model)!), parsed.GetValue(host)!, parsed.GetValue(port), parsed.GetValue(download), parsed.GetValue(json))));
        return command;
    }

    private static async Task<int> RunAsync(ServeRequest request)
    {
        using var interruption = new Interruption();
        try
        {
            var question = new DownloadQuestion(request.Download);
            ModelLease lease = await ModelLease.AcquireAsync("ds4 serve", request.Model, question, interruption.Token).ConfigureAwait(false);
            await using (lease.ConfigureAwait(false))
                return await ServeAsync(lease, request, interruption.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (interruption.Token.IsCancellationRequested)
        {
            await Console.Error.WriteLineAsync("The lease is given back; ds4 stops when nobody else uses it.").ConfigureAwait(false);
            return ExitCode.Done;
        }
    }

    private static async Task<int> ServeAsync(ModelLease lease, ServeRequest request, CancellationToken interrupted)
    {
        var printer = new ProgressPrinter(Console.Error, TimeProvider.System);
        int port = request.Port ?? ListenerRecord.Read(WatchdogAccess.Paths())?.Port ?? FirstPort;
        await lease.Connection.TrySendAsync(new Listen(request.Host, port), interrupted).ConfigureAwait(false);
        await foreach (WatchdogMessage message in lease.Connection.ReceiveAllAsync(interrupted).ConfigureAwait(false))
        {
            switch (message)
            {
                case Progress progress:
                    printer.Print(progress);
                    break;
                case Ready:
                    // The watchdog opens the same address with the same key after a restart.
                    await Console.Error.WriteLineAsync("The server is back.").ConfigureAwait(false);
                    break;
                case Notice notice:
                    await Console.Error.WriteLineAsync(notice.Message).ConfigureAwait(false);
                    break;
                case Listening listening:
                    Print(lease.Ready, listening, request.Json);
                    break;
                case Failed { Reason: FailureReason.PortInUse } when request.Port is null && port != 0:
                    await Console.Error.WriteLineAsync(string.Create(
                        CultureInfo.InvariantCulture, $"Port {port} is taken by another program; a free one is opened instead.")).ConfigureAwait(false);
                    port = 0;
                    await lease.Connection.TrySendAsync(new Listen(request.Host, port), interrupted).ConfigureAwait(false);
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

    private static void Print(Ready ready, Listening listening, bool json)
    {
        if (json)
        {
            JsonOutput.Write(new JsonObject
            {
                ["address"] = listening.Address,
                ["apiKey"] = listening.ApiKey,
                ["model"] = ready.Model,
                ["contextWindow"] = ready.ContextWindow,
            });
            return;
        }
        var configurations = new ClientConfigurations(ready, listening);
        Console.WriteLine(string.Join('\n', ClientConfigurations.Clients.Select(configurations.Of)));
        Console.Write(Describe(ready, listening));
    }

    private static string Describe(Ready ready, Listening listening) =>
        $"""
        {ready.DisplayName ?? ready.Model} answers.

          OpenAI base URL     {listening.Address.TrimEnd('/')}/v1
          Anthropic base URL  {listening.Address.TrimEnd('/')}
          API key             {listening.ApiKey}
          model               {ModelArgument.Prefix}{ready.Model}, context {ready.ContextWindow} tokens

        Press Ctrl-C to stop.

        """;

    private sealed record ServeRequest(string Model, string Host, int? Port, bool Download, bool Json);
}
