using System.Globalization;
using Ds4Provider.Engine;
using Ds4Provider.Server.Specs.Engine;
using StateWriter;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

/// <summary>Programs that are killed while they use a state.</summary>
public sealed class StateTrialSpecs : IDisposable
{
    private const int Turns = 3;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("ds4-trials-");

    public StateTrialSpecs() => Write();

    public void Dispose() => root.Delete(recursive: true);

    [Fact]
    public async Task What_two_servers_did_not_survive_is_set_aside_and_the_state_before_it_is_used()
    {
        (await UseAsync("use")).ShouldBe(Turns * TestConversation.Turn);
        (await UseAsync("use")).ShouldBe(Turns * TestConversation.Turn, "one end proves nothing");

        (await UseAsync("endure")).ShouldBe((Turns - 1) * TestConversation.Turn);

        Names().Where(name => name.EndsWith(".damaged", StringComparison.Ordinal)).ShouldHaveSingleItem();
        Names().ShouldNotContain(name => IsNote(name));
    }

    [Fact]
    public async Task A_state_that_the_engine_went_on_from_is_beyond_suspicion()
    {
        await UseAsync("use");
        (await UseAsync("endure")).ShouldBe(Turns * TestConversation.Turn);
        Names().ShouldNotContain(name => IsNote(name));

        await UseAsync("use");

        (await UseAsync("endure")).ShouldBe(Turns * TestConversation.Turn);
        Names().ShouldNotContain(name => name.EndsWith(".damaged", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_note_about_a_state_that_is_gone_goes_too()
    {
        await UseAsync("use");
        foreach (string state in Directory.EnumerateFiles(root.FullName, "*.state", SearchOption.AllDirectories))
            File.Delete(state);

        (await UseAsync("endure")).ShouldBe(0);

        Names().ShouldBe(["lock"]);
    }

    private void Write()
    {
        using LoadedModel loaded = RealEngine.OpenTiny();
        using KeptStates kept = KeptStates.Open(root, loaded.Model);
        int[] tokens = TestConversation.Tokens(1, loaded.Model.Description.VocabularySize);
        using ILanguageSession session = loaded.Model.CreateSession(TestConversation.Length, EngineMode.Fast);
        for (int turn = 0; turn < Turns; turn++)
        {
            session.Prefill(tokens.AsSpan(turn * TestConversation.Turn, TestConversation.Turn), null, CancellationToken.None);
            using ISessionCheckpoint state = session.Checkpoint();
            kept.Store.Offer(tokens.AsSpan(0, session.Position), state, isBeginning: false);
            kept.Store.WaitUntilIdle();
        }
    }

    /// <summary>A program that uses the conversation's longest state; it is killed unless it ends.</summary>
    private async Task<int> UseAsync(string mode)
    {
        using StateWriterProcess user = new(root, mode, conversation: 1);
        string? line = await user.ReadLineAsync();
        if (mode == "use")
            user.Kill();
        await user.WaitForExitAsync();
        return int.Parse(line.ShouldNotBeNull(), CultureInfo.InvariantCulture);
    }

    private List<string> Names() => [.. root.EnumerateFiles("*", SearchOption.AllDirectories).Select(file => file.Name)];

    private static bool IsNote(string name) => name.EndsWith(".inuse", StringComparison.Ordinal) || name.EndsWith(".suspect", StringComparison.Ordinal);
}
