using System.Globalization;

namespace EndToEnd.Specs.Faults;

/// <summary>Whom a fault hits.</summary>
public enum Victim
{
    /// <summary>The program that uses the model.</summary>
    Agent,
    Watchdog,
    Server,
}

/// <summary>What happens to it.</summary>
public enum Fault
{
    /// <summary>SIGKILL.</summary>
    Killed,

    /// <summary>SIGSTOP, and SIGCONT after a moment.</summary>
    Suspended,

    /// <summary>SIGTERM.</summary>
    Terminated,

    /// <summary>SIGINT to its process group, as Ctrl-C in a terminal.</summary>
    Interrupted,

    /// <summary>SIGHUP to its process group, as when the terminal is closed.</summary>
    HungUp,
}

/// <summary>When it happens.</summary>
public enum Moment
{
    Building,

    /// <summary>While the weights are fetched.</summary>
    Downloading,
    Loading,
    Idle,
    Prefilling,
    Decoding,

    /// <summary>While the arguments of a tool call are written.</summary>
    Calling,

    /// <summary>When the last program has just ended.</summary>
    Stopping,
}

/// <summary>One cell of the fault matrix.</summary>
/// <param name="Victim">Whom the fault hits; of several agents the first.</param>
/// <param name="Fault">What happens.</param>
/// <param name="Moment">When.</param>
/// <param name="Clients">How many programs use the model.</param>
public sealed record Scenario(Victim Victim, Fault Fault, Moment Moment, int Clients)
{
    private static readonly int[] Crowds = [1, 3];

    /// <summary>Every cell that there is: no server lives before there are weights and an engine.</summary>
    public static IReadOnlyList<Scenario> All { get; } =
    [
        .. from victim in Enum.GetValues<Victim>()
           from fault in Enum.GetValues<Fault>()
           from moment in Enum.GetValues<Moment>()
           from clients in Crowds
           where victim != Victim.Server || moment is not (Moment.Building or Moment.Downloading)
           select new Scenario(victim, fault, moment, clients),
    ];

    /// <summary>
    /// A few cells in which every two choices that can meet do meet. Without those that compile the engine: each takes half
    /// a minute.
    /// </summary>
    public static IReadOnlyList<Scenario> Pairwise()
    {
        Scenario[] quick = [.. All.Where(scenario => scenario.Moment != Moment.Building)];
        HashSet<(string, string)> open = [.. quick.SelectMany(scenario => scenario.Pairs())];
        List<Scenario> chosen = [];
        while (open.Count > 0)
        {
            Scenario best = quick.MaxBy(scenario => scenario.Pairs().Count(open.Contains))!;
            open.ExceptWith(best.Pairs());
            chosen.Add(best);
        }
        return chosen;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture, $"{Victim} {Fault} while {Moment}, {Clients} client{(Clients == 1 ? "" : "s")}");

    private IEnumerable<(string First, string Second)> Pairs()
    {
        string[] choices = [$"{Victim}", $"{Fault}", $"{Moment}", $"{Clients}"];
        for (int first = 0; first < choices.Length; first++)
        {
            for (int second = first + 1; second < choices.Length; second++)
                yield return (choices[first], choices[second]);
        }
    }
}
