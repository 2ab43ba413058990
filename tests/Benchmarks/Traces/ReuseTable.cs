using System.Globalization;
using System.Text;

namespace Benchmarks.Traces;

/// <summary>Writes results as tables of Markdown.</summary>
internal static class ReuseTable
{
    private const string Columns = "requests | prompt tokens | new | prefilled | ratio | engine calls | evictions | lost to them |\n|---|--:|--:|--:|--:|--:|--:|--:|--:|\n";

    public static string ByClient(ReplayResult result) =>
        Table("client", [.. result.ByClient.Select(row => (row.Client, row.Cost)), ("**all**", result.Total)]);

    public static string ByKind(ReplayResult result) =>
        Table("kind of request", [.. result.ByKind.Select(row => (Words(row.Kind), row.Cost))]);

    private static string Table(string first, IReadOnlyList<(string Name, Cost Cost)> rows)
    {
        var text = new StringBuilder($"| {first} | {Columns}");
        foreach ((string name, Cost cost) in rows)
        {
            text.Append(CultureInfo.InvariantCulture, $"| {name} | {cost.Requests} | {cost.Prompt} | {cost.New} | {cost.Prefilled} | ");
            text.Append(CultureInfo.InvariantCulture, $"{cost.Ratio:0.000} | {cost.Calls} | {cost.Evictions} | {cost.Lost} |\n");
        }
        return text.ToString();
    }

    private static string Words(RequestKind kind) => kind switch
    {
        RequestKind.First => "first of a conversation",
        RequestKind.Next => "next of a conversation",
        RequestKind.Retry => "the same again, answer lost",
        RequestKind.Regenerate => "the same again, for another answer",
        RequestKind.Edit => "the user's last message edited",
        RequestKind.Abort => "the client leaves",
        RequestKind.AfterAbort => "goes on after that with another message",
        RequestKind.Title => "title",
        RequestKind.SubAgent => "sub-agent",
        RequestKind.Summary => "summary of the history",
        _ => throw new ArgumentOutOfRangeException(nameof(kind)),
    };
}
