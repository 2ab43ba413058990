using Agent.Models;
using Agent.Terminal;

namespace Agent.Modes;

/// <summary>The models as a table.</summary>
internal static class ModelList
{
    public static IEnumerable<string> Lines(IReadOnlyList<ModelEntry> models, string? current)
    {
        if (models.Count == 0)
            return ["No extension offers a model; load one with -e."];
        int width = models.Max(entry => entry.FullName.Length);
        return models.Select(entry =>
            $"{Mark(entry, current)}{entry.FullName.PadRight(width)}  {entry.Info.Name}{Context(entry)}{(entry.Info.IsDemo ? ", demo" : "")}");
    }

    private static string Mark(ModelEntry entry, string? current) => current is null ? "" : entry.FullName == current ? "* " : "  ";

    private static string Context(ModelEntry entry) =>
        entry.Info.ContextWindow > 0 ? $", {Numbers.Count(entry.Info.ContextWindow)} tokens" : "";
}
