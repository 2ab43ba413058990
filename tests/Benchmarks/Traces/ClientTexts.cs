using Benchmarks.Traces.Wires;

namespace Benchmarks.Traces;

/// <summary>The texts that all sessions of a client begin with.</summary>
internal sealed class ClientTexts
{
    private const int SchemaSize = 160;

    public ClientTexts(ClientShape shape, double scale)
    {
        // The same for every seed: a client does not change between two runs.
        var prose = new Prose(new Random(shape.Name.Length));
        System = [.. shape.System.Select(Text)];
        Tools = [.. shape.Tools.Select((size, number) => new ToolSchema($"tool_{number}", Text(Math.Max(1, size - SchemaSize))))];
        Instructions = [.. shape.Instructions.Select(Text)];
        Title = Text(shape.Title);
        SubAgent = Text(shape.SubAgent);

        string Text(int size) => prose.Text((int)(size * scale));
    }

    public IReadOnlyList<string> System { get; }

    public IReadOnlyList<ToolSchema> Tools { get; }

    public IReadOnlyList<string> Instructions { get; }

    /// <summary>System prompt for titles.</summary>
    public string Title { get; }

    /// <summary>System prompt of sub-agents.</summary>
    public string SubAgent { get; }
}
