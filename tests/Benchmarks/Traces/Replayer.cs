using System.Text.Json.Nodes;
using Ds4Provider.Engine.Tokenization;
using Ds4Provider.Server.Hosting;

namespace Benchmarks.Traces;

/// <summary>
/// Makes the requests of several sessions by turns and counts what they cost: the tokens that the engine was given, and
/// those that were new. One request at a time, so that the same seed gives the same figures. What the server tells
/// about itself must agree with what the engine saw.
/// </summary>
internal sealed class Replayer : IDisposable
{
    private readonly ITokenizer tokenizer;
    private readonly TraceOptions options;
    private readonly ReplayedModel model;
    private readonly ReplayedTime time = new();
    private readonly EvaluatedTokens evaluated = new();
    private readonly List<int[]> evicted = [];
    private readonly ReplayResult result = new();
    private RunningRequest last = new([], Interruption.None);
    private int made;

    private Replayer(ITokenizer tokenizer, TraceOptions options)
    {
        this.tokenizer = tokenizer;
        this.options = options;
        model = new ReplayedModel(tokenizer, time);
    }

    /// <summary>Called with each request and its cost.</summary>
    public static async Task<ReplayResult> RunAsync(ITokenizer tokenizer, TraceOptions options, Action<TraceRequest, Cost>? trace = null)
    {
        using var replayer = new Replayer(tokenizer, options);
        await replayer.RunAsync(trace ?? ((_, _) => { }));
        return replayer.result;
    }

    public void Dispose() => model.Dispose();

    private async Task RunAsync(Action<TraceRequest, Cost> trace)
    {
        await using TraceServer server = await TraceServer.StartAsync(
            model, new ServerLimits { Slots = options.Slots, StateBytes = options.StateBytes }, time, keeps: options.Restarts);
        long prefilled = 0;
        foreach (TraceRequest request in Requests())
        {
            if (options.Restarts)
            {
                await server.RestartAsync();
                prefilled = 0;
            }
            Cost cost = await MakeAsync(server, request);
            prefilled += cost.Prefilled;
            // The counter follows the end of a cancelled request, not before the next one.
            if (request.Answer is not null)
                Check(request, "the server's counter", await server.PrefilledAsync(), prefilled);
            result.Add(request, cost);
            trace(request, cost);
        }
    }

    /// <summary>The requests of the sessions that are open, by turns; when one ends, the next begins.</summary>
    private IEnumerable<TraceRequest> Requests()
    {
        var random = new Random(options.Seed);
        var texts = options.Clients.ToDictionary(client => client, client => new ClientTexts(client, options.Scale));
        var waiting = new Queue<SessionTrace>(
            from number in Enumerable.Range(0, options.Sessions)
            from client in options.Clients
            select new SessionTrace(client, texts[client], tokenizer, number, options));
        var open = new List<IEnumerator<TraceRequest>>();
        while (waiting.Count > 0 || open.Count > 0)
        {
            while (open.Count < options.Interleaved && waiting.TryDequeue(out SessionTrace? next))
                open.Add(next.Requests().GetEnumerator());
            IEnumerator<TraceRequest> session = open[random.Next(open.Count)];
            if (session.MoveNext())
            {
                yield return session.Current;
                continue;
            }
            session.Dispose();
            open.Remove(session);
        }
    }

    private async Task<Cost> MakeAsync(TraceServer server, TraceRequest request)
    {
        var running = new RunningRequest(request.Script.Tokens, request.Interruption);
        model.Play(running);
        made++;
        request.Answer = await AnswerAsync(server, request, running);
        int[] prompt = running.Prompt;
        int known = evaluated.Known(prompt);
        evaluated.Add(running.Sequence);
        int cached = prompt.Length - running.Prefilled;
        if (request.Answer is { } answer)
        {
            Check(request, "prompt tokens of the usage", answer.PromptTokens, prompt.Length);
            Check(request, "cached tokens of the usage", answer.CachedTokens, cached);
        }
        // What keeping the last state cost is known now; what this one costs is counted with the next.
        List<int[]> given = last.Evicted;
        last = running;
        evicted.AddRange(given);
        int lost = Math.Max(0, evicted.Where(state => prompt.AsSpan().StartsWith(state)).Select(state => state.Length).DefaultIfEmpty().Max() - cached);
        return new Cost
        {
            Requests = 1,
            Prompt = prompt.Length,
            New = prompt.Length - known,
            Prefilled = running.Prefilled,
            Calls = running.Prefills,
            Evictions = given.Count,
            Lost = lost,
        };
    }

    private async Task<Answer?> AnswerAsync(TraceServer server, TraceRequest request, RunningRequest running)
    {
        using var leave = new CancellationTokenSource();
        Task<JsonNode> reply = server.PostAsync(request, leave.Token);
        if (await Task.WhenAny(reply, running.Reached) == reply)
            return request.Wire.Read(await reply);
        await leave.CancelAsync();
        await server.KnowsThatClientLeftAsync();
        running.Left();
        await server.HasEndedAsync(made);
        // The state is kept before the engine's thread looks for another request, and another one is what this waits for.
        try
        {
            await reply;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        throw new InvalidOperationException("A reply came although its client had left.");
    }

    private static void Check(TraceRequest request, string what, long told, long seen)
    {
        if (told != seen)
            throw new InvalidOperationException($"{request.Session}, {request.Kind}: {what} is {told}, but the engine saw {seen}.");
    }
}
