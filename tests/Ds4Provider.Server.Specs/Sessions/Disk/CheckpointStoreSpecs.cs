using CsCheck;
using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;
using Ds4Provider.Server.Specs.Engine;
using Microsoft.Extensions.Logging.Abstractions;
using StateWriter;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

/// <summary>States of the real engine in real files.</summary>
public sealed class CheckpointStoreSpecs : IDisposable
{
    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("ds4-states-");
    private readonly LoadedModel loaded = RealEngine.OpenTiny();
    private readonly int[] tokens;

    public CheckpointStoreSpecs() => tokens = TestConversation.Tokens(1, Model.Description.VocabularySize);

    private ILanguageModel Model => loaded.Model;

    public void Dispose()
    {
        loaded.Dispose();
        root.Delete(recursive: true);
    }

    [Fact]
    public async Task A_conversation_goes_on_after_a_restart_as_if_there_had_been_none()
    {
        int turns = 7;
        Write(turns);

        using KeptStates kept = Open();
        int recalled = await RecallAsync(kept, tokens);

        recalled.ShouldBe(turns * TestConversation.Turn);
        NextLogits(kept, recalled).ShouldBe(ExpectedLogits(recalled));
    }

    [Fact]
    public async Task An_edited_conversation_goes_on_from_what_is_left_of_it()
    {
        Write(turns: 2);
        int[] edited = [.. tokens];
        edited[(2 * TestConversation.Turn) - 5] ^= 1;

        using KeptStates kept = Open();

        (await RecallAsync(kept, edited)).ShouldBe(TestConversation.Turn);
    }

    [Fact]
    public async Task What_is_already_in_memory_is_not_read()
    {
        Write(turns: 1);
        using KeptStates kept = Open();
        await RecallAsync(kept, tokens);
        Checkpoint inMemory = kept.Memory.FindLongest(tokens)!;

        await kept.Store.RecallAsync(tokens, CancellationToken.None);

        kept.Memory.FindLongest(tokens).ShouldBe(inMemory);
        kept.Memory.Count.ShouldBe(1);
    }

    [Fact]
    public void Files_are_the_owners_alone()
    {
        Write(turns: 1);

        UnixFileMode mode = File.GetUnixFileMode(Files().ShouldHaveSingleItem());

        mode.ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public void A_short_turn_waits_for_the_end_of_the_server()
    {
        int shortTurn = TestConversation.Turn + 20;
        using (KeptStates kept = Open())
        {
            Offer(kept, TestConversation.Turn);
            Offer(kept, shortTurn);
            kept.Store.WaitUntilIdle();
            kept.Store.FindLongest(tokens).ShouldBe(TestConversation.Turn);
        }

        using KeptStates next = Open();
        next.Store.FindLongest(tokens).ShouldBe(shortTurn);
    }

    [Fact]
    public void A_folder_has_one_server()
    {
        using KeptStates kept = Open();

        StateFolder.TryOpen(root.FullName, Model.Description.Fingerprint, NullLogger.Instance).ShouldBeNull();
    }

    [Fact]
    public async Task A_damaged_state_is_set_aside_and_the_one_before_is_used()
    {
        Write(turns: 3);
        string longest = Files().Order().MaxBy(file => PositionOf(file))!;
        Flip(longest, at: StateHeader.Length + 100);

        using KeptStates kept = Open();
        int recalled = await RecallAsync(kept, tokens);

        recalled.ShouldBe(2 * TestConversation.Turn);
        File.Exists(longest).ShouldBeFalse();
        File.Exists(longest + ".damaged").ShouldBeTrue();
        NextLogits(kept, recalled).ShouldBe(ExpectedLogits(recalled));
    }

    [Fact]
    public async Task Whatever_is_damaged_anywhere_nothing_wrong_is_ever_loaded()
    {
        await Gen.Select(Gen.Int[0, 3], Gen.Double[0, 1], Gen.Int[0, 2]).SampleAsync(
            async (file, place, kind) =>
            {
                Clear();
                Write(turns: 3);
                string[] files = [.. Files().Order()];
                Damage(files[file % files.Length], place, kind);

                using KeptStates kept = Open();
                int recalled = await RecallAsync(kept, tokens);
                if (recalled > 0)
                    NextLogits(kept, recalled).ShouldBe(ExpectedLogits(recalled));
            },
            iter: 40, threads: 1);
    }

    [Fact]
    public void What_no_write_finished_or_nobody_can_build_on_is_removed()
    {
        Write(turns: 3);
        File.Delete(Files().MinBy(PositionOf)!);
        string folder = Path.GetDirectoryName(Files()[0])!;
        File.WriteAllText(Path.Combine(folder, "x.state.unfinished"), "half");
        File.WriteAllText(Path.Combine(folder, "y.state"), "no state at all");

        using KeptStates kept = Open();

        kept.Store.Count.ShouldBe(0);
        Files().ShouldBeEmpty();
        Directory.EnumerateFiles(folder).Select(Path.GetFileName).ShouldBe(["lock", "y.state.damaged"], ignoreOrder: true);
    }

    // ---- a store, as the server has it

    private void Write(int turns)
    {
        using KeptStates kept = Open();
        for (int turn = 1; turn <= turns; turn++)
        {
            Offer(kept, turn * TestConversation.Turn);
            kept.Store.WaitUntilIdle();
        }
        kept.Store.FindLongest(tokens).ShouldBe(turns * TestConversation.Turn);
    }

    private void Offer(KeptStates kept, int length)
    {
        using ILanguageSession session = Model.CreateSession(TestConversation.Length, EngineMode.Fast);
        session.Prefill(tokens.AsSpan(0, length), null, CancellationToken.None);
        Checkpoint checkpoint = kept.Memory.Add(tokens.AsSpan(0, length), session.Checkpoint);
        kept.Store.Offer(tokens.AsSpan(0, length), checkpoint.State, isBeginning: false);
    }

    private KeptStates Open() => KeptStates.Open(root, Model);

    private static async Task<int> RecallAsync(KeptStates kept, int[] prompt)
    {
        await kept.Store.RecallAsync(prompt, CancellationToken.None);
        return kept.Memory.FindLongest(prompt)?.Position ?? 0;
    }

    private float[] NextLogits(KeptStates kept, int length)
    {
        using ILanguageSession session = Model.CreateSession(TestConversation.Length, EngineMode.Fast);
        session.Restore(kept.Memory.FindLongest(tokens.AsSpan(0, length))!.State);
        session.Decode(tokens[length]);
        return session.Logits.ToArray();
    }

    private float[] ExpectedLogits(int length)
    {
        using ILanguageSession session = Model.CreateSession(TestConversation.Length, EngineMode.Fast);
        session.Prefill(tokens.AsSpan(0, length), null, CancellationToken.None);
        session.Decode(tokens[length]);
        return session.Logits.ToArray();
    }

    // ---- files

    private List<string> Files() => [.. Directory.EnumerateFiles(root.FullName, "*.state", SearchOption.AllDirectories)];

    private int PositionOf(string file) => StateHeader.Read(File.ReadAllBytes(file), Model.Description.Fingerprint).Position;

    private void Clear()
    {
        foreach (DirectoryInfo folder in root.EnumerateDirectories())
            folder.Delete(recursive: true);
    }

    private static void Flip(string file, long at)
    {
        byte[] bytes = File.ReadAllBytes(file);
        bytes[at] ^= 0x10;
        File.WriteAllBytes(file, bytes);
    }

    private static void Damage(string file, double place, int kind)
    {
        long length = new FileInfo(file).Length;
        long at = Math.Min(length - 1, (long)(place * length));
        if (kind == 0)
            Flip(file, at);
        else if (kind == 1)
            File.WriteAllBytes(file, File.ReadAllBytes(file)[..(int)at]);
        else
            File.AppendAllText(file, "more");
    }
}
