namespace Ds4Provider.Engine.Specs.Native;

public sealed class CheckpointSpecs : IDisposable
{
    private const int Kept = 150;
    private const int Longer = 260;

    private readonly LoadedModel _model = TinyModel.Open();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void A_restored_session_goes_on_as_if_it_had_never_left()
    {
        using var session = Begin(Kept);
        using var checkpoint = session.Checkpoint();
        var expected = Next(session);
        session.Prefill(TinyModel.Tokens.AsSpan(0, 40), null, CancellationToken.None);

        session.Restore(checkpoint);

        session.Position.ShouldBe(Kept);
        Next(session).ShouldBe(expected);
    }

    [Fact]
    public void A_checkpoint_outlives_its_session_and_serves_another()
    {
        ISessionCheckpoint checkpoint;
        float[] expected;
        using (var session = Begin(Kept))
        {
            checkpoint = session.Checkpoint();
            expected = Next(session);
        }

        using (checkpoint)
        {
            using var other = _model.Model.CreateSession(512, EngineMode.Fast);
            other.Restore(checkpoint);
            Next(other).ShouldBe(expected);
        }
    }

    [Fact]
    public void A_saved_state_comes_back_with_and_without_a_base()
    {
        using var session = Begin(Kept);
        using var first = session.Checkpoint();
        session.Prefill(TinyModel.Tokens.AsSpan(Kept, Longer - Kept), null, CancellationToken.None);
        using var second = session.Checkpoint();
        var expected = Next(session);
        using var whole = Save(second, null);
        using var delta = Save(second, first);
        delta.Length.ShouldBeLessThan(whole.Length);

        using var otherModel = TinyModel.Open();
        using var @base = otherModel.Model.LoadCheckpoint(Save(first, null), null);
        using var fromDelta = otherModel.Model.LoadCheckpoint(delta, @base);
        using var fromWhole = otherModel.Model.LoadCheckpoint(whole, null);
        using var restored = otherModel.Model.CreateSession(512, EngineMode.Fast);
        foreach (var checkpoint in new[] { fromDelta, fromWhole })
        {
            restored.Restore(checkpoint);
            restored.Position.ShouldBe(Longer);
            Next(restored).ShouldBe(expected);
        }
    }

    [Fact]
    public void Damaged_streams_and_missing_bases_are_refused_with_a_reason()
    {
        using var session = Begin(Kept);
        using var first = session.Checkpoint();
        session.Prefill(TinyModel.Tokens.AsSpan(Kept, Longer - Kept), null, CancellationToken.None);
        using var second = session.Checkpoint();
        var bytes = Save(first, null).ToArray();
        bytes[bytes.Length / 2] ^= 1;

        Refused(() => _model.Model.LoadCheckpoint(new MemoryStream(bytes), null)).ShouldBe(EngineStatus.Format);
        Refused(() => _model.Model.LoadCheckpoint(new MemoryStream(bytes[..100]), null)).ShouldBe(EngineStatus.Format);
        Refused(() => _model.Model.LoadCheckpoint(Save(second, first), null)).ShouldBe(EngineStatus.InvalidArgument);
    }

    [Fact]
    public void What_a_stream_throws_reaches_the_caller()
    {
        using var session = Begin(Kept);
        using var checkpoint = session.Checkpoint();
        using var full = new MemoryStream(new byte[1000], writable: true);

        Should.Throw<NotSupportedException>(() => checkpoint.Save(full, null));
    }

    [Fact]
    public void Sessions_that_decode_together_get_what_each_gets_alone()
    {
        using var one = Begin(Kept);
        using var other = Begin(Kept + 7);
        using var oneBefore = one.Checkpoint();
        using var otherBefore = other.Checkpoint();
        one.Decode(5);
        other.Decode(6);
        var expected = (one.Logits.ToArray(), other.Logits.ToArray());
        one.Restore(oneBefore);
        other.Restore(otherBefore);

        _model.Model.Decode([one, other], [5, 6]);

        one.Logits.ToArray().ShouldBe(expected.Item1);
        other.Logits.ToArray().ShouldBe(expected.Item2);
        (one.Position, other.Position).ShouldBe((Kept + 1, Kept + 8));
    }

    [Fact]
    public void Memory_that_is_shared_counts_once()
    {
        using var session = Begin(Longer);
        var before = _model.Model.StateBytes;
        using var checkpoint = session.Checkpoint();

        var added = _model.Model.StateBytes - before;

        added.ShouldBeInRange(checkpoint.Bytes.Own - 1024, checkpoint.Bytes.Own); // headers are not state
        checkpoint.Bytes.Shared.ShouldBePositive();
    }

    private static EngineStatus Refused(Action load)
    {
        var refusal = Should.Throw<EngineException>(load);
        refusal.Message.ShouldNotBeEmpty();
        return refusal.Status;
    }

    private static MemoryStream Save(ISessionCheckpoint checkpoint, ISessionCheckpoint? parent)
    {
        var stream = new MemoryStream();
        checkpoint.Save(stream, parent);
        stream.Length.ShouldBe(checkpoint.GetStreamBytes(parent));
        stream.Position = 0;
        return stream;
    }

    private ILanguageSession Begin(int tokens)
    {
        var session = _model.Model.CreateSession(512, EngineMode.Fast);
        session.Prefill(TinyModel.Tokens.AsSpan(0, tokens), null, CancellationToken.None);
        return session;
    }

    private static float[] Next(ILanguageSession session)
    {
        session.Decode(TinyModel.Tokens[7]);
        return session.Logits.ToArray();
    }
}
