using CsCheck;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Server.Replay;
using Microsoft.Extensions.Logging.Abstractions;

namespace Ds4Provider.Server.Specs;

public sealed class SampledTurnLogSpecs : IDisposable
{
    private readonly DirectoryInfo folder = Directory.CreateTempSubdirectory("ds4-turns-");

    private string Log => Path.Combine(folder.FullName, "turns.log");

    public void Dispose() => folder.Delete(recursive: true);

    [Fact]
    public void Turns_are_found_again_under_each_of_their_keys()
    {
        SampledTurn turn = Turn("Done.", 5);
        Append(turn, Turn("Other", 3));

        SampledTurnStore store = Reopen();

        store.Count.ShouldBe(2);
        foreach (TurnKey key in RememberedTurn.Of(turn).Keys)
            store.Find(key).ShouldNotBeNull().Tokens.ShouldBe(turn.Tokens);
        store.Find(TurnKey.OfVisible(new AssistantMessage("Other"))).ShouldNotBeNull().Thinking.ShouldBeTrue();
    }

    [Fact]
    public void A_log_that_is_cut_anywhere_keeps_what_is_whole_and_goes_on()
    {
        Append(Turn("one", 3), Turn("two", 4));
        byte[] whole = File.ReadAllBytes(Log);
        int firstEnds = SampledTurnRecord.Write(RememberedTurn.Of(Turn("one", 3))).Length;

        for (int length = 0; length < whole.Length; length++)
        {
            File.WriteAllBytes(Log, whole[..length]);
            Reopen().Count.ShouldBe(length < firstEnds ? 0 : 1);
            Append(Turn("three", 2));
            Reopen().Find(TurnKey.OfVisible(new AssistantMessage("three"))).ShouldNotBeNull();
        }
    }

    [Fact]
    public void Any_bytes_are_read_or_dropped_and_never_break_the_reader() =>
        Gen.Byte.Array[0, 200].Sample(bytes =>
        {
            ReadOnlySpan<byte> rest = bytes;
            while (SampledTurnRecord.Read(ref rest) is not null)
            {
            }
        });

    [Fact]
    public void What_was_forgotten_leaves_the_log_when_it_is_opened()
    {
        Append([.. Enumerable.Range(0, 50).Select(number => Turn($"turn {number}", 10))]);
        long before = new FileInfo(Log).Length;

        Reopen(turns: 5).Count.ShouldBe(5);

        new FileInfo(Log).Length.ShouldBe(before / 10);
        Reopen().Find(TurnKey.OfVisible(new AssistantMessage("turn 49"))).ShouldNotBeNull();
    }

    [Fact]
    public void The_log_is_its_owners_alone_and_holds_no_text()
    {
        Append(Turn("the secret words", 3));

        File.GetUnixFileMode(Log).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        System.Text.Encoding.Latin1.GetString(File.ReadAllBytes(Log)).ShouldNotContain("secret");
    }

    private void Append(params SampledTurn[] turns)
    {
        SampledTurnStore store = new(1000, 100_000);
        using SampledTurnLog log = SampledTurnLog.Open(Log, store, NullLogger.Instance);
        foreach (SampledTurn turn in turns)
            log.Append(store.Remember(turn));
    }

    private SampledTurnStore Reopen(int turns = 1000)
    {
        SampledTurnStore store = new(turns, 100_000);
        SampledTurnLog.Open(Log, store, NullLogger.Instance).Dispose();
        return store;
    }

    private static SampledTurn Turn(string text, int tokens) =>
        new(new AssistantMessage(text), [.. Enumerable.Range(1, tokens)], Thinking: true, TurnKey.Of("history"));
}
