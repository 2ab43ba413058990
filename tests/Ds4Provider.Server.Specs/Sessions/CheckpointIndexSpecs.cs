using CsCheck;
using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions;
using Microsoft.Extensions.Time.Testing;

namespace Ds4Provider.Server.Specs.Sessions;

public sealed class CheckpointIndexSpecs : IDisposable
{
    private readonly FakeTimeProvider time = new();
    private readonly List<State> alive = [];
    private readonly CheckpointIndex index;

    public CheckpointIndexSpecs() => index = new CheckpointIndex(() => alive.Sum(state => state.Bytes.Own), 300, time);

    public void Dispose() => index.Dispose();

    [Fact]
    public void The_longest_checkpoint_of_a_prompts_first_tokens_is_found()
    {
        Add([1, 2]);
        Add([1, 2, 3, 4]);
        Add([1, 9, 9]);

        Found([1, 2, 3, 4, 5]).ShouldBe(4);
        Found([1, 2, 3, 4]).ShouldBe(4);
        Found([1, 2, 3]).ShouldBe(2);
        Found([1, 2, 4, 4]).ShouldBe(2);
        Found([1]).ShouldBe(0);
        Found([]).ShouldBe(0);
    }

    [Fact]
    public void Any_set_of_checkpoints_finds_what_a_search_of_all_finds() => Gen.Int[0, 2].Array[0, 12].Array[1, 12]
        .Select(Gen.Int[0, 2].Array[0, 14]).Sample((sequences, prompt) =>
        {
            using var any = new CheckpointIndex(() => 0, 1, time);
            foreach (int[] sequence in sequences.Where(s => s.Length > 0))
                any.Add(sequence, () => new State(sequence.Length, 1, _ => { }));

            int expected = sequences.Where(s => s.Length > 0 && prompt.AsSpan().StartsWith(s)).Select(s => s.Length).DefaultIfEmpty(0).Max();
            (any.FindLongest(prompt)?.Position ?? 0).ShouldBe(expected);
        });

    [Fact]
    public void A_state_that_is_known_is_not_kept_twice()
    {
        Add([1, 2]);
        Add([1, 2]);

        index.Count.ShouldBe(1);
        alive.Count.ShouldBe(1);
    }

    [Fact]
    public void When_memory_runs_short_that_goes_which_saves_the_fewest_tokens_per_byte()
    {
        Add(Tokens(1, 1000));
        Add(Tokens(2, 10));
        Add(Tokens(3, 500));
        Add(Tokens(4, 20));

        Found(Tokens(1, 1000)).ShouldBe(1000);
        Found(Tokens(2, 10)).ShouldBe(0);
        Found(Tokens(3, 500)).ShouldBe(500);
        index.Evicted.ShouldBe(1);
    }

    [Fact]
    public void A_checkpoint_is_worth_what_lies_between_it_and_the_one_before()
    {
        Add(Tokens(1, 1000));
        Add(Tokens(1, 1010)); // saves ten tokens only
        Add(Tokens(2, 100));
        Add(Tokens(3, 100));

        Found(Tokens(1, 1010)).ShouldBe(1000);
        Found(Tokens(2, 100)).ShouldBe(100);
    }

    [Fact]
    public void What_is_used_stays_and_what_nobody_came_back_to_goes()
    {
        Add(Tokens(1, 100));
        Add(Tokens(2, 100));
        time.Advance(TimeSpan.FromHours(3));
        index.Use(index.FindLongest(Tokens(1, 100))!);
        Add(Tokens(3, 50));
        Add(Tokens(4, 50));

        Found(Tokens(1, 100)).ShouldBe(100);
        Found(Tokens(2, 100)).ShouldBe(0);
    }

    [Fact]
    public void A_state_that_was_passed_through_goes_before_the_end_of_a_conversation()
    {
        Add(Tokens(1, 100));
        Add(Tokens(1, 190)); // saves less than the one before, but its conversation goes on here
        Add(Tokens(2, 95));
        Add(Tokens(3, 95));

        Found(Tokens(1, 190)).ShouldBe(190);
        Found(Tokens(1, 100)).ShouldBe(0);
    }

    [Fact]
    public void A_beginning_stays_while_its_conversations_go_on()
    {
        Add(Tokens(1, 400));
        Add(Tokens(2, 300));
        time.Advance(TimeSpan.FromHours(3));
        Add(Tokens(1, 500));
        Add(Tokens(3, 50));

        Found(Tokens(1, 400)).ShouldBe(400);
        Found(Tokens(2, 300)).ShouldBe(0);
    }

    [Fact]
    public void The_newest_checkpoint_stays_however_little_memory_there_is()
    {
        Add(Tokens(1, 10), bytes: 10_000);
        Add(Tokens(2, 10), bytes: 10_000);

        Found(Tokens(2, 10)).ShouldBe(10);
        index.Count.ShouldBe(1);
    }

    private static int[] Tokens(int first, int count) => [first, .. Enumerable.Repeat(7, count - 1)];

    private int Found(int[] prompt) => index.FindLongest(prompt)?.Position ?? 0;

    private void Add(int[] tokens, long bytes = 100)
    {
        index.Add(tokens, () =>
        {
            alive.Add(new State(tokens.Length, bytes, gone => alive.Remove(gone)));
            return alive[^1];
        });
    }

    private sealed class State(int position, long bytes, Action<State> disposed) : ISessionCheckpoint
    {
        public int Position => position;

        public StateBytes Bytes => new(bytes, 0);

        public long GetStreamBytes(ISessionCheckpoint? baseCheckpoint) => throw new NotSupportedException();

        public void Save(Stream stream, ISessionCheckpoint? baseCheckpoint) => throw new NotSupportedException();

        public void Dispose() => disposed(this);
    }
}
