using System.Diagnostics;
using Ds4Provider.Wire.Watchdog;
using EndToEnd.Specs.Processes;

namespace EndToEnd.Specs.Faults;

/// <summary>
/// One fault in a world of its own: programs come to the moment, the fault happens, whoever is left is answered, the
/// next request works, and after the last program nothing is left.
/// </summary>
/// <param name="scenario">What happens.</param>
/// <param name="home">Where.</param>
/// <param name="program">Which program uses the model.</param>
/// <param name="hub">Where the weights come from, when they are fetched.</param>
internal sealed class Round(Scenario scenario, StateHome home, FaultProgram program, HoldingHub? hub) : IDisposable
{
    private const int SigHup = 1;
    private const int SigInt = 2;
    private const int SigKill = 9;
    private const int SigTerm = 15;

    /// <summary>Takes about a second to read: long enough to be hit, and no longer.</summary>
    private const string LongPrompt = "long 2000";

    private static readonly TimeSpan Suspension = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly List<FaultClientProcess> clients = [];

    /// <summary>The longest time that a program which was left heard nothing after the fault; null when none waited.</summary>
    public TimeSpan? Silence { get; private set; }

    /// <summary>Whether there was somebody to hit, and the moment had not passed when that happened.</summary>
    public bool WasHit { get; private set; }

    /// <summary>Whether every program has ended: what is still there has been left behind.</summary>
    public bool IsOver { get; private set; }

    public async Task RunAsync()
    {
        for (int i = 0; i < scenario.Clients; i++)
            clients.Add(new FaultClientProcess(home, program));
        bool waiting = await ReachAsync();
        long moment = Stopwatch.GetTimestamp();
        WasHit = await StrikeAsync() && clients.Any(client => IsIn(client, moment));
        hub?.GoOn();
        if (waiting)
            await HearAsync(moment);
        await AskAgainAsync();
        hub?.Served.ShouldBeLessThanOrEqualTo(hub.Most, "what is safe on the disk is not fetched again");
        await LeaveAsync();
    }

    public void Dispose()
    {
        foreach (FaultClientProcess client in clients)
            client.Dispose();
    }

    /// <summary>What every program said, for the message of a failure.</summary>
    public string Describe() => string.Join('\n', clients.Select(client => $"{client.Pid}: {client.Said}"));

    /// <summary>Brings the programs to the moment; returns whether they wait for something then.</summary>
    private async Task<bool> ReachAsync()
    {
        switch (scenario.Moment)
        {
            case Moment.Building:
                await home.WaitForAsync(process => process.IsCompiler);
                return true;
            case Moment.Downloading:
                await FetchAsync(hub!);
                return true;
            case Moment.Loading:
                await home.WaitForAsync(process => process.IsServer);
                return true;
            case Moment.Prefilling:
                await AllAskAsync(LongPrompt, until: ["prefilling", "text"]);
                return true;
            case Moment.Decoding:
                await AllAskAsync("hello", until: ["text"]);
                return true;
            case Moment.Calling:
                await AllAskAsync("call", until: ["call"]);
                return true;
            case Moment.Stopping:
                await AllReadyAsync();
                clients.ForEach(client => client.End());
                return false;
            default:
                await AllReadyAsync();
                return false;
        }
    }

    /// <summary>Waits until nothing more comes, and what came is remembered: that is done between two reports.</summary>
    private async Task FetchAsync(HoldingHub hub)
    {
        await hub.Holding.WaitAsync(home.Cancelled);
        long held = Stopwatch.GetTimestamp();
        while (clients[0].CountSince("downloading", held) < 3)
            await Task.Delay(10, home.Cancelled);
    }

    private async Task AllReadyAsync()
    {
        foreach (FaultClientProcess client in clients)
            (await client.SeesAsync("ready", "refused")).ShouldBe("ready", client.Said);
    }

    private async Task AllAskAsync(string request, string[] until)
    {
        await AllReadyAsync();
        foreach (FaultClientProcess client in clients)
            await client.AskAsync(request);
        await clients[0].SeesAsync([.. until, "done", "error"]);
    }

    /// <returns>Whether there was somebody to hit.</returns>
    private async Task<bool> StrikeAsync()
    {
        if (Target() is not { } pid)
            return false;
        switch (scenario.Fault)
        {
            case Fault.Killed:
                return ProcessTable.Signal(pid, SigKill);
            case Fault.Terminated:
                return ProcessTable.Signal(pid, SigTerm);
            case Fault.Interrupted:
                return ProcessTable.SignalGroup(pid, SigInt);
            case Fault.HungUp:
                return ProcessTable.SignalGroup(pid, SigHup);
            default:
                if (!ProcessTable.Suspend(pid))
                    return false;
                await Task.Delay(Suspension, home.Cancelled);
                ProcessTable.Resume(pid);
                return true;
        }
    }

    /// <summary>The process that is hit; null when it has ended already, as it may when all stop.</summary>
    private int? Target() => scenario.Victim switch
    {
        Victim.Agent => clients[0].HasEnded ? null : clients[0].Pid,
        Victim.Watchdog => home.Processes().FirstOrDefault(process => process.IsWatchdog)?.Pid,
        _ => home.Processes().FirstOrDefault(process => process.IsServer)?.Pid,
    };

    /// <summary>Whether a program was still in what it had come to; its words are later than what they tell, never earlier.</summary>
    private bool IsIn(FaultClientProcess client, long moment)
    {
        (string? begun, string[] over) = scenario.Moment switch
        {
            Moment.Building => ("building", (string[])["verifying", "ready", "refused"]),
            Moment.Downloading => ("downloading", ["building", "verifying", "loading", "ready", "refused"]),
            Moment.Loading => (null, ["ready", "refused"]),
            Moment.Prefilling => ("prefilling", ["text", "done", "error"]),
            Moment.Decoding => ("text", ["done", "error"]),
            Moment.Calling => ("call", ["done", "error"]),
            _ => ((string?)null, []),
        };
        return (begun is null || client.HadSaid(begun, moment)) && !over.Any(word => client.HadSaid(word, moment));
    }

    /// <summary>Everybody who is left hears how the work ended.</summary>
    private async Task HearAsync(long moment)
    {
        foreach (FaultClientProcess client in Survivors())
        {
            await client.SeesEndAsync();
            if (client.SilenceAfter(moment) is { } silence && !(silence < Silence))
                Silence = silence;
        }
    }

    private async Task AskAgainAsync()
    {
        if (scenario.Moment == Moment.Stopping || Survivors().Length == 0)
            clients.Add(new FaultClientProcess(home, program));
        foreach (FaultClientProcess client in Survivors())
        {
            if (client == clients[^1] && clients.Count > scenario.Clients)
                (await client.SeesAsync("ready", "refused")).ShouldBe("ready", client.Said);
            await client.AskAsync("hello");
            (await client.SeesAsync("done", "error", "refused")).ShouldBe("done", client.Said);
        }
    }

    /// <summary>Programs that still run, were not hit for good, and were not told to end.</summary>
    private FaultClientProcess[] Survivors()
    {
        bool firstIsLost = scenario is { Victim: Victim.Agent, Fault: not Fault.Suspended };
        int first = scenario.Moment == Moment.Stopping ? scenario.Clients : firstIsLost ? 1 : 0;
        return [.. clients.Skip(first).Where(client => !client.HasEnded)];
    }

    private async Task LeaveAsync()
    {
        FaultClientProcess[] left = Survivors();
        foreach (FaultClientProcess client in clients)
            client.End();
        foreach (FaultClientProcess client in left)
        {
            (int code, string errors) = await client.EndedAsync();
            code.ShouldBe(0, errors);
        }
        foreach (FaultClientProcess client in clients)
            await client.EndedAsync();
        IsOver = true;
        await home.WaitUntilQuietAsync(Patience);
        LeftSockets().ShouldBeEmpty();
        LeftPieces().ShouldBeEmpty();
    }

    private IEnumerable<string> LeftSockets()
    {
        WatchdogPaths paths = WatchdogPaths.FromEnvironment(name => home.Variables.GetValueOrDefault(name));
        return Directory.EnumerateFiles(paths.SocketDirectory)
            .Where(file => file == paths.WatchdogSocket || Path.GetFileName(file).StartsWith(paths.ServerSocketPrefix, StringComparison.Ordinal));
    }

    /// <summary>What was begun and neither finished nor taken away.</summary>
    private IEnumerable<string> LeftPieces() => Directory.EnumerateFileSystemEntries(home.Path, "*", SearchOption.AllDirectories)
        .Where(path => Path.GetFileName(path).Contains(".part", StringComparison.Ordinal) || path.EndsWith(".tmp", StringComparison.Ordinal));
}
