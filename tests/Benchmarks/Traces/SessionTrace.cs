using Benchmarks.Traces.Wires;
using Ds4Provider.Engine.Tokenization;

namespace Benchmarks.Traces;

/// <summary>
/// One session of a client, request by request; the answer of each is there before the next is wanted. What happens is
/// drawn from the seed. Not thread-safe.
/// </summary>
internal sealed partial class SessionTrace
{
    private readonly ClientShape shape;
    private readonly ClientTexts texts;
    private readonly ITokenizer tokenizer;
    private readonly Random random;
    private readonly Prose prose;
    private readonly double scale;
    private readonly IWire wire;
    private readonly string id;
    private readonly bool keepsReasoning;
    private readonly List<Turn> history = [];
    private RequestKind next = RequestKind.First;

    /// <param name="shape">The client.</param>
    /// <param name="texts">Its texts, the same in all its sessions.</param>
    /// <param name="tokenizer">Writes the replies.</param>
    /// <param name="number">Number of the session among those of the client.</param>
    /// <param name="options">Seed and sizes.</param>
    public SessionTrace(ClientShape shape, ClientTexts texts, ITokenizer tokenizer, int number, TraceOptions options)
    {
        this.shape = shape;
        this.texts = texts;
        this.tokenizer = tokenizer;
        scale = options.Scale;
        random = new Random(HashCode(options.Seed, shape.Name, number));
        prose = new Prose(random);
        wire = shape.Wires[number % shape.Wires.Count];
        id = $"{shape.Name}/{number}";
        keepsReasoning = random.NextDouble() > 0.2;
    }

    /// <summary>The requests.</summary>
    public IEnumerable<TraceRequest> Requests()
    {
        if (shape.InstructionsFirst)
            history.AddRange(texts.Instructions.Select(text => new DeveloperTurn(text)));
        if (shape.Surroundings > 0)
            history.Add(new UserTurn(prose.Text(Scaled(shape.Surroundings))));
        for (int turns = random.Next(3, 7); turns > 0; turns--)
        {
            foreach (TraceRequest request in UserTurn())
                yield return request;
        }
        if (!Chance(0.3))
            yield break;
        foreach (TraceRequest request in Summarise().Concat(UserTurn()))
            yield return request;
    }

    private IEnumerable<TraceRequest> UserTurn()
    {
        int begin = history.Count;
        history.Add(new UserTurn(prose.Text(Scaled(random.Next(20, 400)))));
        if (shape.Title > 0 && (shape.TitleEveryTurn || next == RequestKind.First))
            yield return Title();
        if (!shape.InstructionsFirst && next == RequestKind.First)
            history.AddRange(texts.Instructions.Select(text => new DeveloperTurn(text)));
        foreach (TraceRequest request in Rounds())
            yield return request;
        if (Chance(0.08))
        {
            history.RemoveAt(history.Count - 1);
            next = RequestKind.Regenerate;
            foreach (TraceRequest request in Ask(Final()))
                yield return request;
        }
        if (Chance(0.08) && next == RequestKind.Next)
        {
            int message = history.FindIndex(begin, turn => turn is UserTurn);
            history[message] = new UserTurn(prose.Text(Scaled(random.Next(20, 400))));
            int answers = history.FindIndex(message + 1, turn => turn is not DeveloperTurn);
            history.RemoveRange(answers, history.Count - answers);
            next = RequestKind.Edit;
            foreach (TraceRequest request in Rounds())
                yield return request;
        }
    }

    /// <summary>Calls of tools, then the final answer.</summary>
    private IEnumerable<TraceRequest> Rounds()
    {
        for (int rounds = shape.Tools.Count == 0 ? 0 : random.Next(1, 6); rounds > 0; rounds--)
        {
            foreach (TraceRequest request in Ask(Calling()))
                yield return request;
            if (history[^1] is not AssistantTurn { Calls: { Count: > 0 } calls })
                continue;
            foreach (ToolCall call in calls)
            {
                string? report = null;
                if (shape.SubAgent > 0 && Chance(0.08))
                {
                    foreach (TraceRequest request in SubAgent())
                    {
                        yield return request;
                        report = request.Turn.Text;
                    }
                }
                history.Add(new ToolTurn(call.Id, report ?? prose.Text(Scaled(ResultSize()))));
            }
        }
        foreach (TraceRequest request in Ask(Final()))
            yield return request;
    }

    /// <summary>Sends the history until it is answered; the answer joins it.</summary>
    private IEnumerable<TraceRequest> Ask(ScriptedReply script)
    {
        if (Chance(0.05))
        {
            yield return Request(RequestKind.Abort, script, Interruption.Prefill(Scaled(random.Next(0, 3000))));
            if (Chance(0.5))
                GoOnWithAnotherMessage();
            else
                next = RequestKind.Retry;
        }
        if (Chance(0.05))
        {
            int seen = script.TextBegin + random.Next(1, Math.Max(2, script.Tokens.Count - script.TextBegin));
            yield return Request(RequestKind.Abort, script, Interruption.Reply(Math.Min(seen, script.Tokens.Count - 1)));
            string text = script.TextOfFirst(seen);
            if (shape.KeepsPartialReplies && !text.Contains('<', StringComparison.Ordinal) && text.Trim().Length > 0)
                history.Add(new AssistantTurn(script.Reasoning, text, []));
            GoOnWithAnotherMessage();
        }
        if (Chance(0.05))
        {
            // The answer is lost on its way.
            yield return Request(next, script, Interruption.None);
            next = RequestKind.Retry;
        }
        TraceRequest asked = Request(next, script, Interruption.None);
        yield return asked;
        history.Add(asked.Turn);
        next = RequestKind.Next;
    }

    private void GoOnWithAnotherMessage()
    {
        history.Add(new UserTurn(prose.Text(Scaled(random.Next(10, 200)))));
        next = RequestKind.AfterAbort;
    }

    private bool Chance(double probability) => random.NextDouble() < probability;

    private int Scaled(int size) => Math.Max(1, (int)(size * scale));

    /// <summary>Most results are short; some are files.</summary>
    private int ResultSize() => random.Next(10) switch
    {
        < 6 => random.Next(10, 300),
        < 9 => random.Next(300, 4000),
        _ => random.Next(4000, 20000),
    };

    /// <summary>The same in every run, unlike the hash codes of .NET.</summary>
    private static int HashCode(int seed, string name, int number) => name.Aggregate((seed * 31) + number, (hash, letter) => unchecked((hash * 31) + letter));
}
