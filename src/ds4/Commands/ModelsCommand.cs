using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Watchdog.Setup.Weights;
using Spectre.Console;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 models</c>: the weights in the state directory.</summary>
internal static class ModelsCommand
{
    public static Command Create() => new("models", "Shows and removes weights.") { CreateList(), CreateRemove() };

    private static Command CreateList()
    {
        Option<bool> json = JsonOutput.Option();
        var command = new Command("list", "Shows which weights there are, where they came from and what they take.") { json };
        command.SetAction(parsed => List(parsed.GetValue(json)));
        return command;
    }

    private static Command CreateRemove()
    {
        var variant = new Argument<string>("variant") { Description = "Name as `ds4 models list` shows it." };
        variant.AcceptOnlyFromAmong([.. WeightInventory.Variants]);
        Option<bool> json = JsonOutput.Option();
        var command = new Command("rm", "Removes weights, complete or partly fetched. Files of other programs stay.") { variant, json };
        command.SetAction((parsed, cancellationToken) => RemoveAsync(parsed.GetValue(variant)!, parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static int List(bool json)
    {
        IReadOnlyList<StoredWeights> all = WeightInventory.Read(WatchdogAccess.Paths());
        if (json)
        {
            JsonOutput.Write(new JsonArray([.. all.Select(Describe)]));
            return ExitCode.Done;
        }
        Table table = Terminal.Columns("variant", "size", "there", "content", "from");
        foreach (StoredWeights stored in all)
            table.AddRow(new Text(stored.Variant), new Text(Gigabytes(stored.FileBytes)), new Text(Share(stored)), new Text(stored.Sha256?[..12] ?? "-"), new Text(stored.Source ?? "-"));
        Terminal.Create().Write(table);
        return ExitCode.Done;
    }

    private static async Task<int> RemoveAsync(string variant, bool json, CancellationToken cancellationToken)
    {
        if (await WatchdogStatus.ReadAsync(cancellationToken).ConfigureAwait(false) is { Model: not (null or "demo") } status)
        {
            await Console.Error.WriteLineAsync($"ds4: {status.Model} is in use (`ds4 status` tells by whom). Nothing was removed; `ds4 stop` first.").ConfigureAwait(false);
            return ExitCode.Failed;
        }
        long bytes = WeightInventory.Remove(WatchdogAccess.Paths(), variant);
        if (json)
            JsonOutput.Write(new JsonObject { ["variant"] = variant, ["removedBytes"] = bytes });
        else
            Console.WriteLine(bytes > 0 ? $"{Gigabytes(bytes)} of {variant} were removed." : $"Nothing of {variant} was there.");
        return ExitCode.Done;
    }

    private static JsonObject Describe(StoredWeights stored) => new()
    {
        ["variant"] = stored.Variant,
        ["file"] = stored.FileName,
        ["bytes"] = stored.FileBytes,
        ["storedBytes"] = stored.StoredBytes,
        ["complete"] = stored.IsComplete,
        ["sha256"] = stored.Sha256,
        ["source"] = stored.Source,
    };

    private static string Share(StoredWeights stored) => stored switch
    {
        { IsComplete: true } => "complete",
        { StoredBytes: 0 } => "no",
        _ => string.Create(CultureInfo.InvariantCulture, $"{100 * stored.StoredBytes / stored.FileBytes} %"),
    };

    private static string Gigabytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.0} GB");
}
