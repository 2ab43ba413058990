using System.Globalization;
using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Specs.Engine;
using StateWriter;

namespace Ds4Provider.Server.Specs.Sessions.Disk;

/// <summary>
/// A program that writes states is killed at random moments. <c>DS4_KILLS</c> is the number of kills; the default keeps the
/// tests short.
/// </summary>
public sealed class KilledWriterSpecs : IDisposable
{
    private const int Kills = 25;

    private readonly DirectoryInfo root = Directory.CreateTempSubdirectory("ds4-killed-");
    private readonly LoadedModel loaded = RealEngine.OpenTiny();

    public void Dispose()
    {
        loaded.Dispose();
        root.Delete(recursive: true);
    }

    [Fact]
    public async Task What_was_written_when_the_writer_was_killed_is_there_and_right()
    {
        int kills = int.TryParse(Environment.GetEnvironmentVariable("DS4_KILLS"), CultureInfo.InvariantCulture, out int asked) ? asked : Kills;
        Random random = new();
        for (int kill = 0; kill < kills; kill++)
        {
            Dictionary<int, int> written = await WriteUntilKilledAsync(first: kill * 100, random);
            await CheckAsync(written);
        }
    }

    private async Task<Dictionary<int, int>> WriteUntilKilledAsync(int first, Random random)
    {
        using StateWriterProcess writer = new(root, "write", first);
        Dictionary<int, int> written = [];
        try
        {
            (await writer.ReadLineAsync()).ShouldBe("ready");
            int turns = random.Next(1, 20);
            while (turns-- > 0)
                Note(await writer.ReadLineAsync());
            await Task.Delay(random.Next(0, 12));
        }
        finally
        {
            writer.Kill();
        }
        // What it said between the last look and its end was written too.
        while (await writer.ReadLineAsync() is { } line)
            Note(line);
        await writer.WaitForExitAsync();
        return written;

        void Note(string? line)
        {
            // The last line may have been cut off.
            if (line?.Split(' ') is [var conversation, var tokens]
                && int.TryParse(tokens, CultureInfo.InvariantCulture, out int count) && count % TestConversation.Turn == 0)
                written[int.Parse(conversation, CultureInfo.InvariantCulture)] = count;
        }
    }

    private async Task CheckAsync(Dictionary<int, int> written)
    {
        using KeptStates kept = KeptStates.Open(root, loaded.Model);
        foreach ((int conversation, int tokens) in written)
        {
            int[] all = TestConversation.Tokens(conversation, loaded.Model.Description.VocabularySize);
            int found = kept.Store.FindLongest(all);
            found.ShouldBeGreaterThanOrEqualTo(tokens);
            await kept.Store.RecallAsync(all, CancellationToken.None);
            Checkpoint recalled = kept.Memory.FindLongest(all).ShouldNotBeNull();
            recalled.Position.ShouldBe(found);
            // The whole conversation is evaluated again for one of them only; the checksums vouch for the others.
            if (conversation == written.Keys.Max())
                LogitsOf(recalled.State).ShouldBe(ExpectedLogits(all.AsSpan(0, found)));
        }
        Directory.EnumerateFiles(root.FullName, "*.damaged", SearchOption.AllDirectories).ShouldBeEmpty();
    }

    private float[] LogitsOf(ISessionCheckpoint state)
    {
        using ILanguageSession session = loaded.Model.CreateSession(TestConversation.Length, EngineMode.Fast);
        session.Restore(state);
        return session.Logits.ToArray();
    }

    private float[] ExpectedLogits(ReadOnlySpan<int> tokens)
    {
        using ILanguageSession session = loaded.Model.CreateSession(TestConversation.Length, EngineMode.Fast);
        session.Prefill(tokens, null, CancellationToken.None);
        return session.Logits.ToArray();
    }
}
