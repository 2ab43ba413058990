using System.CommandLine;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Ds4Provider.Cli.Clients;
using Ds4Provider.Cli.Output;
using Ds4Provider.Wire.Watchdog;
using Spectre.Console;

namespace Ds4Provider.Cli.Commands;

/// <summary><c>ds4 bench</c>: how fast the model is here, as its clients feel it.</summary>
internal static class BenchCommand
{
    private static readonly int[] PromptWords = [100, 400, 1600];
    private const int ReplyTokens = 64;

    public static Command Create()
    {
        Argument<string> model = ModelArgument.Create();
        Option<bool> download = ModelArgument.DownloadOption();
        Option<bool> json = JsonOutput.Option();
        var command = new Command("bench", "Measures how fast prompts are read and replies are written, through the real server. Nothing else should use it meanwhile.") { model, download, json };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            ModelArgument.Id(parsed.GetValue(model)!), new DownloadQuestion(parsed.GetValue(download)), parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string model, DownloadQuestion question, bool json, CancellationToken cancellationToken)
    {
        ModelLease lease = await ModelLease.AcquireAsync("ds4 bench", model, question, cancellationToken).ConfigureAwait(false);
        await using (lease.ConfigureAwait(false))
            await MeasureAsync(lease.Ready, json, cancellationToken).ConfigureAwait(false);
        return ExitCode.Done;
    }

    private static async Task MeasureAsync(Ready ready, bool json, CancellationToken cancellationToken)
    {
        using var client = new ModelClient(ready.Socket, ready.Model);
        // The first request of a server compiles a part of it.
        await client.CompleteAsync(Text(20), 4, cancellationToken).ConfigureAwait(false);
        Table table = Terminal.Columns("prompt", "first token", "prompt tokens/s", "reply", "reply tokens/s");
        foreach (int words in PromptWords.Where(words => 4 * words < ready.ContextWindow))
        {
            TimedReply reply = await client.CompleteAsync(Text(words), ReplyTokens, cancellationToken).ConfigureAwait(false);
            if (json)
                JsonOutput.Write(Describe(reply));
            else
                table.AddRow(Row(reply));
        }
        if (!json)
            Terminal.Create().Write(table);
    }

    // Words of chance: nothing of them was ever evaluated.
    private static string Text(int words)
    {
        var text = new StringBuilder();
        for (int word = 0; word < words; word++)
        {
            for (int letter = Random.Shared.Next(2, 8); letter > 0; letter--)
                text.Append((char)('a' + Random.Shared.Next(26)));
            text.Append(' ');
        }
        return text.ToString();
    }

    private static string[] Row(TimedReply reply) =>
    [
        $"{reply.PromptTokens} tokens", Format($"{reply.FirstToken.TotalMilliseconds:0} ms"), Format($"{PromptRate(reply):0.0}"),
        $"{reply.ReplyTokens} tokens", ReplyRate(reply) is { } rate ? Format($"{rate:0.0}") : "too short",
    ];

    private static JsonObject Describe(TimedReply reply) => new()
    {
        ["promptTokens"] = reply.PromptTokens,
        ["cachedTokens"] = reply.CachedTokens,
        ["firstTokenSeconds"] = Math.Round(reply.FirstToken.TotalSeconds, 4),
        ["promptTokensPerSecond"] = Math.Round(PromptRate(reply), 2),
        ["replyTokens"] = reply.ReplyTokens,
        ["replyTokensPerSecond"] = ReplyRate(reply) is { } rate ? Math.Round(rate, 2) : null,
    };

    private static double PromptRate(TimedReply reply) => (reply.PromptTokens - reply.CachedTokens) / Math.Max(1e-6, reply.FirstToken.TotalSeconds);

    private static double? ReplyRate(TimedReply reply) =>
        reply is { ReplyTokens: > 1, Rest.Ticks: > 0 } ? (reply.ReplyTokens - 1) / reply.Rest.TotalSeconds : null;

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
