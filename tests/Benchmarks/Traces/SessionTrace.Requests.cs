namespace Benchmarks.Traces;

/// <summary>The single requests of a session.</summary>
internal sealed partial class SessionTrace
{
    private TraceRequest Request(RequestKind kind, ScriptedReply script, Interruption interruption) => new()
    {
        Client = shape.Name,
        Session = id,
        Kind = kind,
        Wire = wire,
        System = SystemOf(texts.System),
        Tools = texts.Tools,
        History = [.. history],
        KeepsReasoning = keepsReasoning,
        // Clients that know the size of the context ask for what it has left, another number each time.
        MaximumTokens = 90_000 - (history.Count * 17),
        Stop = shape.Stop,
        Headers = Headers(),
        Script = script,
        Interruption = interruption,
    };

    private TraceRequest Title() => Aside(
        RequestKind.Title, texts.Title, [new UserTurn("A title, please:"), history.OfType<UserTurn>().Last()], Say(40), []);

    /// <summary>A conversation of its own with a few calls; its last answer is the report.</summary>
    private IEnumerable<TraceRequest> SubAgent()
    {
        List<Turn> work = [new UserTurn(prose.Text(Scaled(random.Next(200, 1500))))];
        Wires.ToolSchema[] tools = [.. texts.Tools.Take(4)];
        for (int rounds = random.Next(1, 4); rounds > 0; rounds--)
        {
            TraceRequest call = Aside(RequestKind.SubAgent, texts.SubAgent, work, Calling(), tools);
            yield return call;
            work.Add(call.Turn);
            work.AddRange(call.Turn.Calls.Select(made => new ToolTurn(made.Id, prose.Text(Scaled(ResultSize())))));
        }
        yield return Aside(RequestKind.SubAgent, texts.SubAgent, work, Say(600), tools);
    }

    /// <summary>The history is replaced with a summary of it.</summary>
    private IEnumerable<TraceRequest> Summarise()
    {
        history.Add(new UserTurn(prose.Text(Scaled(500))));
        TraceRequest summary = Request(RequestKind.Summary, Say(1500), Interruption.None);
        yield return summary;
        history.Clear();
        if (shape.InstructionsFirst)
            history.AddRange(texts.Instructions.Select(text => new DeveloperTurn(text)));
        history.Add(new UserTurn(summary.Turn.Text));
        next = RequestKind.First;
    }

    /// <summary>A request beside the conversation.</summary>
    private TraceRequest Aside(
        RequestKind kind, string system, IReadOnlyList<Turn> turns, ScriptedReply script, IReadOnlyList<Wires.ToolSchema> tools) => new()
    {
        Client = shape.Name,
        Session = id,
        Kind = kind,
        Wire = wire,
        System = SystemOf([system]),
        Tools = tools,
        History = [.. turns],
        KeepsReasoning = keepsReasoning,
        MaximumTokens = 32_000,
        Headers = Headers(),
        Script = script,
    };

    private ScriptedReply Say(int length) => new ScriptedReply(tokenizer)
        .Think(prose.Text(Scaled(random.Next(20, 400)))).Say(prose.Text(Scaled(length)));

    private ScriptedReply Final()
    {
        ScriptedReply reply = Say(random.Next(100, 2500));
        return shape.Stop is { } stop && Chance(0.7) ? reply.Say(stop + prose.Word()) : reply;
    }

    private ScriptedReply Calling()
    {
        var reply = new ScriptedReply(tokenizer).Think(prose.Text(Scaled(random.Next(50, 1500))));
        if (Chance(0.6))
            reply.Say(prose.Text(Scaled(random.Next(20, 200))));
        for (int calls = Chance(0.2) ? 2 : 1; calls > 0; calls--)
            reply.Call(texts.Tools[random.Next(Math.Min(4, texts.Tools.Count))].Name, Wires.ToolSchema.Parameter, prose.Text(Scaled(ArgumentSize())));
        return reply;
    }

    /// <summary>Most calls name a file or a command; some write a file.</summary>
    private int ArgumentSize() => random.Next(10) < 8 ? random.Next(10, 120) : random.Next(300, 3000);

    private IReadOnlyList<string> SystemOf(IReadOnlyList<string> blocks) =>
        shape.HasAccountsLine ? [$"x-anthropic-billing-header: {random.Next():x8}", .. blocks] : blocks;

    private Dictionary<string, string> Headers()
    {
        var headers = new Dictionary<string, string> { ["user-agent"] = shape.Name.Replace(' ', '/') };
        if (shape.SessionHeader is { } header)
            headers[header] = id;
        return headers;
    }
}
