using System.Text;
using AgentHost;

namespace Agent.Terminal;

/// <summary>A tool call on the screen, from the first piece of its arguments to its result.</summary>
internal sealed class CallRow(TimeProvider time) : IBlock
{
    private const int OutputKept = 4096;

    /// <summary>Arguments longer than this say how long they are.</summary>
    private const int ManyCharacters = 200;

    private readonly StringBuilder output = new();
    private PartialArguments arguments = new();
    private string name = "";
    private long startedAt;
    private TimeSpan elapsed;
    private ToolResult? result;
    private int characters;

    /// <summary>How far the call is.</summary>
    public CallPhase Phase { get; private set; } = CallPhase.Writing;

    /// <summary>Whether the row has its place on the screen.</summary>
    public bool IsShown { get; set; }

    public BlockKind Kind => BlockKind.Call;

    public bool IsDone => Phase == CallPhase.Done;

    /// <summary>What is called, in one line.</summary>
    public string Title => CallTitle.Of(name, arguments);

    /// <summary>What is being written, with a sign of life where the title does not grow any more.</summary>
    public string Draft => characters < ManyCharacters ? Title : $"{Title}  {Numbers.Count(characters)} characters";

    /// <summary>How it ended, in a few words.</summary>
    public string Outcome => result is null ? ""
        : (result.Summary ?? (result.IsError ? "failed" : "done"))
            + (elapsed.TotalSeconds >= 0.05 ? ", " + Numbers.Duration(elapsed) : "");

    public bool Failed => result is { IsError: true };

    public void Append(ToolCallFragment fragment)
    {
        if (fragment.Name is { Length: > 0 } known)
            name = known;
        characters += fragment.Arguments.Length;
        arguments.Append(fragment.Arguments);
    }

    /// <summary>The call is complete; shows these arguments if they did not come in pieces.</summary>
    public void Written(string tool, string json)
    {
        name = tool;
        if (!arguments.IsComplete)
        {
            arguments = new PartialArguments();
            arguments.Append(json);
        }
        Phase = CallPhase.Waiting;
    }

    public void Start()
    {
        startedAt = time.GetTimestamp();
        Phase = CallPhase.Running;
    }

    public void Output(string text)
    {
        output.Append(text);
        if (output.Length > 2 * OutputKept)
            output.Remove(0, output.Length - OutputKept);
    }

    public void End(ToolResult toolResult)
    {
        elapsed = startedAt == 0 ? TimeSpan.Zero : time.GetElapsedTime(startedAt);
        result = toolResult;
        Phase = CallPhase.Done;
    }

    public IReadOnlyList<Line> TakeSettled(int width) => [];

    public IReadOnlyList<Line> Render(int width) =>
        [Headline(width), .. CallBody.Of(name, arguments, Phase, output, result).Select(line => line.Clip(width))];

    private Line Headline(int width)
    {
        (string mark, Tone tone) = Phase switch
        {
            CallPhase.Writing or CallPhase.Waiting => ("○ ", Tone.Dim),
            CallPhase.Running => ("● ", Tone.Accent),
            _ => Failed ? ("✗ ", Tone.Bad) : ("✓ ", Tone.Good),
        };
        string note = Phase switch
        {
            CallPhase.Writing when characters >= ManyCharacters => $"  … {Numbers.Count(characters)} characters",
            CallPhase.Writing => "  …",
            CallPhase.Running when time.GetElapsedTime(startedAt) is { TotalSeconds: >= 1 } running => "  " + Numbers.Duration(running),
            CallPhase.Done => "  " + Outcome,
            _ => "",
        };
        // How it goes matters more than the end of a long command.
        Line title = new Line(new Span(mark, tone), new Span(Title, Tone.Strong)).Clip(Math.Max(8, width - TextWidth.Of(note)));
        return new Line([.. title.Spans, new Span(note, Failed ? Tone.Bad : Tone.Dim)]).Clip(width);
    }
}

/// <summary>How far a call is.</summary>
internal enum CallPhase
{
    Writing,
    Waiting,
    Running,
    Done,
}
