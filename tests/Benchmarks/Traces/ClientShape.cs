using Benchmarks.Traces.Wires;

namespace Benchmarks.Traces;

/// <summary>
/// What the requests of a client look like: sizes in characters and habits. System prompts, instructions and tools of Pi,
/// opencode and Codex, and the title of opencode, were recorded from the real ones run headless; of Claude Code only the
/// sums were. Sub-agents, the title of Claude Code and how often something goes wrong are assumed. The texts are not here.
/// </summary>
/// <param name="Name">Name of the client, with the version that was recorded.</param>
internal sealed record ClientShape(string Name)
{
    /// <summary>APIs that it speaks; a session takes one.</summary>
    public required IReadOnlyList<IWire> Wires { get; init; }

    /// <summary>Blocks of the system prompt.</summary>
    public IReadOnlyList<int> System { get; init; } = [];

    /// <summary>Tools as JSON.</summary>
    public IReadOnlyList<int> Tools { get; init; } = [];

    /// <summary>Messages of the client itself.</summary>
    public IReadOnlyList<int> Instructions { get; init; } = [];

    /// <summary>Whether these stand before the first message of the user, or after it.</summary>
    public bool InstructionsFirst { get; init; }

    /// <summary>What it tells about the user's machine, before the first message; 0 = nothing.</summary>
    public int Surroundings { get; init; }

    /// <summary>System prompt of its requests for titles; 0 = it makes none.</summary>
    public int Title { get; init; }

    /// <summary>Whether it asks for a title with every message of the user, or only at the first.</summary>
    public bool TitleEveryTurn { get; init; }

    /// <summary>System prompt of its sub-agents; 0 = it has none.</summary>
    public int SubAgent { get; init; }

    /// <summary>Whether each request begins with a line for the vendor's accounts, different every time.</summary>
    public bool HasAccountsLine { get; init; }

    /// <summary>Whether a reply that the user stopped stays in the history, as far as it came.</summary>
    public bool KeepsPartialReplies { get; init; }

    /// <summary>String that ends its replies.</summary>
    public string? Stop { get; init; }

    /// <summary>Name of the header with the session's id.</summary>
    public string? SessionHeader { get; init; }

    /// <summary>The clients whose requests were recorded, and a plain one.</summary>
    public static IReadOnlyList<ClientShape> All { get; } =
    [
        new("Pi 1.5.2")
        {
            Wires = [new ChatWire(), new MessagesWire(), new ResponsesWire()],
            System = [2252],
            Tools = [711, 565, 1219, 453],
        },
        new("opencode 1.18.33")
        {
            Wires = [new ChatWire()],
            System = [9568],
            Tools = [5319, 1994, 1138, 1212, 1771, 695, 3897, 2728, 1051],
            Title = 2096,
            SubAgent = 3000,
            SessionHeader = "x-session-id",
        },
        new("Codex 0.169.0")
        {
            Wires = [new ResponsesWire()],
            Tools = [1635, 819, 1425, 391, 10149, 297, 785, 2196],
            Instructions = [16979, 2493],
            InstructionsFirst = true,
            Surroundings = 367,
            KeepsPartialReplies = true,
            SessionHeader = "session-id",
        },
        new("Claude Code 2.1.330")
        {
            Wires = [new MessagesWire()],
            System = [62, 6800],
            Tools = [8200, 5400, 2100, 600, 1500, 1200, 1900, 1100, 1300, 6600, 400, 1200],
            Instructions = [9400],
            Title = 1200,
            TitleEveryTurn = true,
            SubAgent = 2500,
            HasAccountsLine = true,
            KeepsPartialReplies = true,
        },
        new("plain chat")
        {
            Wires = [new ChatWire()],
            System = [900],
            Stop = "##",
        },
    ];
}
