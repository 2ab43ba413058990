using System.Text.Json;
using Ds4Provider.Engine;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Server.Generation;
using Ds4Provider.Server.Specs.Engine;
using Ds4Provider.Server.Specs.Serving;
using Ds4Provider.Server.Streaming;

namespace Fuzz.Replies;

/// <summary>
/// What a model samples, correct calls damaged: the parser makes a well-formed reply of it, and on every API the stream
/// is closed and adds up to the body.
/// </summary>
internal sealed class ReplyTarget : FuzzTarget
{
    private readonly LoadedModel model = new(new ScriptedModel());
    private readonly TokenStreams streams = new();

    public override string Name => "replies";

    public override ValueTask<string> TryAsync(Random random, FuzzInput input)
    {
        int[] tokens = streams.Next(random);
        bool thinking = random.Once(2);
        bool allowCalls = !random.Once(8);
        bool summarised = random.Once(2);
        FinishReason reason = random.Once(3) ? FinishReason.Length : FinishReason.Stop;
        input.Is(() => $"thinking {thinking}, calls allowed {allowCalls}, summarised {summarised}, {reason}: {streams.Describe(tokens)}");

        var events = new List<ReplyEvent>();
        IReplyParser parser = model.CreateReplyParser(thinking, allowCalls);
        foreach (int token in tokens)
        {
            _ = parser.IsSyntax;
            _ = parser.Allows(token);
            parser.Push(token, events);
        }
        bool whole = parser.IsComplete;
        parser.Complete(whole ? FinishReason.Stop : reason, events);
        int calls = CheckEvents(events);
        if (!allowCalls)
            calls.ShouldBe(0);
        if (!random.Once(8))
            events = Joined(events);
        StreamAndBody.Check(events, new ReplyEnd(((Finished)events[^1]).Reason, null, new GenerationUsage(10, 3, tokens.Length, 1)), summarised);
        return ValueTask.FromResult(calls == 0 ? "without calls" : whole ? "with a whole block of calls" : "with a broken block of calls");
    }

    public override async ValueTask DisposeAsync()
    {
        model.Dispose();
        await base.DisposeAsync();
    }

    /// <summary>The same reply in larger pieces, as when several tokens arrive at once; far fewer events to write and read.</summary>
    private static List<ReplyEvent> Joined(List<ReplyEvent> events)
    {
        var joined = new List<ReplyEvent>();
        foreach (ReplyEvent said in events)
        {
            ReplyEvent? both = (joined.LastOrDefault(), said) switch
            {
                (TextDelta one, TextDelta other) => new TextDelta(one.Text + other.Text),
                (ReasoningDelta one, ReasoningDelta other) => new ReasoningDelta(one.Text + other.Text),
                (ArgumentsDelta one, ArgumentsDelta other) => new ArgumentsDelta(one.Index, one.Json + other.Json),
                _ => null,
            };
            if (both is not null)
                joined.RemoveAt(joined.Count - 1);
            joined.Add(both ?? said);
        }
        return joined;
    }

    /// <summary>Every started call is ended before the next, its arguments are an object, and the end is last and once.</summary>
    private static int CheckEvents(List<ReplyEvent> events)
    {
        int started = 0;
        string? arguments = null;
        foreach (ReplyEvent said in events)
        {
            switch (said)
            {
                case CallStarted call:
                    arguments.ShouldBeNull();
                    call.Index.ShouldBe(started++);
                    arguments = "";
                    break;
                case ArgumentsDelta delta:
                    delta.Index.ShouldBe(started - 1);
                    arguments = arguments.ShouldNotBeNull() + delta.Json;
                    break;
                case CallEnded ended:
                    ended.Index.ShouldBe(started - 1);
                    JsonElement.Parse(arguments.ShouldNotBeNull()).ValueKind.ShouldBe(JsonValueKind.Object);
                    arguments = null;
                    break;
            }
        }
        arguments.ShouldBeNull("a call is left open");
        events.Count(said => said is Finished).ShouldBe(1);
        events[^1].ShouldBeOfType<Finished>();
        return started;
    }
}
