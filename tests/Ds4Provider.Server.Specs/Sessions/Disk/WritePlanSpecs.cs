using Ds4Provider.Server.Sessions.Disk;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

public sealed class WritePlanSpecs
{
    /// <summary>Bytes of a token's rows in the shape of Flash: 21 layers with a row of 512 and one of 128 half floats for four tokens, 20 with one of 512 for 128.</summary>
    private const double RowBytes = (21 * (1024 + 256) / 4.0) + (20 * 1024 / 128.0);

    /// <summary>What every state has besides, measured: windows, open rows, logits.</summary>
    private const double FixedBytes = 17.8e6;

    private readonly StateIndex index = new();
    private readonly int[] conversation = [.. Enumerable.Range(0, 1_000_000)];

    [Theory]
    [InlineData(200_000, 7_500)]
    [InlineData(1_000_000, 7_500)]
    public void A_long_conversation_takes_no_more_than_seven_and_a_half_kilobytes_a_token(int tokens, double most)
    {
        Talk(tokens, new Random(1));

        (index.Bytes / tokens).ShouldBeLessThanOrEqualTo((long)most);
    }

    [Fact]
    public void A_turn_of_a_long_conversation_writes_a_small_part_of_it()
    {
        double written = Talk(200_000, new Random(2), out int turns);

        (written / turns).ShouldBeLessThan(200_000 * RowBytes / 5);
    }

    [Fact]
    public void A_conversation_can_go_back_and_its_chain_stays_short()
    {
        Talk(300_000, new Random(3));

        StoredState last = index.FindLongest(conversation, 300_000)!;
        last.Chain().Count.ShouldBeLessThan(12);
        index.Count.ShouldBe(last.Chain().Count);
        last.Header.Position.ShouldBe(300_000);
        last.Parent!.Header.Position.ShouldBeGreaterThan(297_000, "a conversation can always go a turn back");
    }

    [Fact]
    public void Conversations_that_begin_alike_build_on_one_beginning_and_none_takes_it_away()
    {
        int[] one = [.. Enumerable.Range(0, 5000)];
        int[] other = [.. Enumerable.Range(0, 3000), .. Enumerable.Range(9000, 4000)];
        Write(one.AsSpan(0, 3000), isBeginning: true);
        foreach (int length in (int[])[3600, 4200, 4500, 4800, 5000])
        {
            Write(one.AsSpan(0, length));
            Write(other.AsSpan(0, length));
        }

        StoredState beginning = index.FindLongest(one, 3000)!;
        beginning.Header.IsBeginning.ShouldBeTrue();
        index.FindLongest(one, 5000)!.Chain().ShouldContain(beginning);
        index.FindLongest(other, 5000)!.Chain().ShouldContain(beginning);
        index.FindLongest(other, 5000)!.Header.Position.ShouldBe(5000);
    }

    [Fact]
    public void What_is_there_is_not_written_again()
    {
        Write(conversation.AsSpan(0, 1000));

        WritePlan.Make(index, conversation.AsSpan(0, 1000), isBeginning: false).ShouldBeNull();
        WritePlan.Make(index, conversation.AsSpan(0, 1100), isBeginning: false)!.Gain.ShouldBe(100);
    }

    [Fact]
    public void A_state_on_which_others_build_outlives_them()
    {
        Talk(100_000, new Random(4));
        StoredState last = index.FindLongest(conversation, 100_000)!;
        last.Chain()[0].LastUse = DateTimeOffset.UnixEpoch;

        while (index.Cheapest(DateTimeOffset.UnixEpoch, null) is { } cheapest)
        {
            cheapest.Children.ShouldBe(0);
            index.Remove(cheapest);
        }

        index.Count.ShouldBe(0);
        index.Bytes.ShouldBe(0);
    }

    [Theory]
    [InlineData(300L << 30, 0, 100L << 30)]
    [InlineData(240L << 30, 60L << 30, 100L << 30)]
    [InlineData(4000L << 30, 0, 128L << 30)]
    [InlineData(25L << 30, 0, 5L << 30)]
    [InlineData(20L << 30, 0, 0)]
    [InlineData(1L << 30, 2L << 30, 0)]
    public void The_disk_keeps_most_of_its_room_for_others(long free, long own, long budget) =>
        DiskBudget.Choose(free, own).ShouldBe(budget);

    private void Talk(int tokens, Random random) => Talk(tokens, random, out _);

    private double Talk(int tokens, Random random, out int turns)
    {
        double written = Write(conversation.AsSpan(0, 8000), isBeginning: true);
        turns = 0;
        for (int at = 8000; at < tokens; turns++)
        {
            at = Math.Min(tokens, at + random.Next(200, 3000));
            written += Write(conversation.AsSpan(0, at));
        }
        return written;
    }

    private double Write(ReadOnlySpan<int> tokens, bool isBeginning = false)
    {
        WritePlan plan = WritePlan.Make(index, tokens, isBeginning)!;
        double written = 0;
        if (plan.Merge is { } merge)
        {
            StateHeader merged = Sized(merge.Header);
            written += merged.StateBytes;
            index.Rebase(merge.State, merged, merge.Onto);
            foreach (StoredState superseded in merge.Superseded.Where(state => state.Children == 0))
                index.Remove(superseded);
        }
        StateHeader header = Sized(plan.Header);
        index.Add(new StoredState(header, plan.Base) { LastUse = DateTimeOffset.UnixEpoch });
        return written + header.StateBytes;
    }

    private static StateHeader Sized(StateHeader header) =>
        header with { StateBytes = (long)(FixedBytes + (RowBytes * (header.Position - header.ParentPosition))) };
}
