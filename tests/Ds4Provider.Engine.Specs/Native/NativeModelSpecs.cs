using Ds4Provider.Engine.Constraints;
using Ds4Provider.Engine.Prompting;
using Ds4Provider.Engine.Sampling;
using Ds4Provider.Engine.Specs.Fixtures;

namespace Ds4Provider.Engine.Specs.Native;

public sealed class NativeModelSpecs : IDisposable
{
    private readonly LoadedModel _model = TinyModel.Open();

    public void Dispose() => _model.Dispose();

    [Fact]
    public void The_description_is_that_of_the_file()
    {
        var description = _model.Model.Description;
        description.Name.ShouldBe("tiny");
        description.VocabularySize.ShouldBe(TinyModel.Vocabulary);
        description.ContextLength.ShouldBe(1_048_576);
        description.Backend.ShouldBe("cpu");
        description.Fingerprint.ShouldMatch("^[0-9a-f]{64}$");
        description.Threads.ShouldBe(1);
        description.WeightBytes.ShouldBeInRange(1_000_000, new FileInfo(RepositoryFiles.TinyModel).Length);
        description.Kernels.ShouldNotBeEmpty();
    }

    [Fact]
    public void The_tokenizer_is_that_of_the_file()
    {
        _model.Tokenizer.Decode(_model.Tokenizer.Encode("Hello, the wörld 😀")).ShouldBe("Hello, the wörld 😀");
        _model.Tokenizer.Encode("the").Count.ShouldBe(1);
        _model.Tokenizer.IsControl(_model.Tokenizer.Control.User).ShouldBeTrue();
        _model.Tokenizer.IsControl(_model.Tokenizer.Encode("a").Single()).ShouldBeFalse();
    }

    [Fact]
    public void Exact_logits_are_those_of_other_implementations_when_prefilled()
    {
        using var session = _model.Model.CreateSession(512, EngineMode.Exact);
        foreach (var count in new[] { 1, 100, 131, 68 })
        {
            session.Prefill(TinyModel.Tokens.AsSpan(session.Position, count), null, CancellationToken.None);
            TinyModel.Distance(session.Logits, TinyModel.ExactLogits(session.Position - 1)).ShouldBeLessThan(2e-5);
        }

        session.Position.ShouldBe(300);
    }

    [Fact]
    public void Exact_logits_are_those_of_other_implementations_when_decoded()
    {
        using var session = _model.Model.CreateSession(512, EngineMode.Exact);
        for (var i = 0; i < 135; i++)
        {
            session.Decode(TinyModel.Tokens[i]);
            TinyModel.Distance(session.Logits, TinyModel.ExactLogits(i)).ShouldBeLessThan(2e-5);
        }
    }

    [Fact]
    public void Sessions_do_not_know_each_other()
    {
        using var one = _model.Model.CreateSession(64, EngineMode.Exact);
        using var other = _model.Model.CreateSession(128, EngineMode.Exact);
        for (var i = 0; i < 20; i++)
        {
            one.Decode(TinyModel.Tokens[i]);
            other.Decode(TinyModel.Tokens[299 - i]);
        }

        TinyModel.Distance(one.Logits, TinyModel.ExactLogits(19)).ShouldBeLessThan(2e-5);
        (one.ContextLength, other.ContextLength).ShouldBe((64, 128));
    }

    [Fact]
    public void Models_and_libraries_work_side_by_side()
    {
        var copy = Path.Combine(Directory.CreateTempSubdirectory("ds4-specs").FullName, Path.GetFileName(RepositoryFiles.Library));
        try
        {
            File.Copy(RepositoryFiles.Library, copy);
            using var other = LoadedModel.Open(copy, RepositoryFiles.TinyModel, threads: 1);
            using var session = other.Model.CreateSession(64, EngineMode.Exact);
            using var mine = _model.Model.CreateSession(64, EngineMode.Exact);
            session.Decode(TinyModel.Tokens[0]);
            mine.Decode(TinyModel.Tokens[0]);
            session.Logits.ToArray().ShouldBe(mine.Logits.ToArray());
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(copy)!, recursive: true);
        }
    }

    [Fact]
    public void Progress_is_reported_on_the_calling_thread_up_to_the_end()
    {
        using var session = _model.Model.CreateSession(512, EngineMode.Fast);
        var (reports, threads) = (new List<int>(), new HashSet<int>());
        session.Prefill(
            TinyModel.Tokens,
            done =>
            {
                reports.Add(done);
                threads.Add(Environment.CurrentManagedThreadId);
            },
            CancellationToken.None);
        reports.ShouldNotBeEmpty();
        reports.ShouldBe(reports.Order());
        reports[^1].ShouldBeLessThanOrEqualTo(TinyModel.Tokens.Length);
        threads.ShouldBe([Environment.CurrentManagedThreadId]);
    }

    [Fact]
    public void Cancelling_leaves_the_session_valid_where_it_stands()
    {
        using var session = _model.Model.CreateSession(4096, EngineMode.Exact);
        using var source = new CancellationTokenSource();
        int[] tokens = [.. Enumerable.Repeat(TinyModel.Tokens, 10).SelectMany(ids => ids)];
        var failure = Should.Throw<OperationCanceledException>(() => session.Prefill(tokens, _ => source.Cancel(), source.Token));
        failure.CancellationToken.ShouldBe(source.Token);
        session.Position.ShouldBeInRange(1, tokens.Length - 1);

        using var reference = _model.Model.CreateSession(4096, EngineMode.Exact);
        reference.Prefill(tokens.AsSpan(0, session.Position + 1), null, CancellationToken.None);
        session.Decode(tokens[session.Position]);
        TinyModel.Distance(session.Logits, reference.Logits).ShouldBeLessThan(2e-5);
    }

    [Fact]
    public void Cancelling_beforehand_evaluates_nothing()
    {
        using var session = _model.Model.CreateSession(64, EngineMode.Exact);
        Should.Throw<OperationCanceledException>(() => session.Prefill(TinyModel.Tokens.AsSpan(0, 9), null, new CancellationToken(true)));
        session.Position.ShouldBe(0);
    }

    [Fact]
    public void What_the_progress_callback_throws_comes_out_and_the_session_stays_valid()
    {
        using var session = _model.Model.CreateSession(512, EngineMode.Exact);
        Should.Throw<InvalidDataException>(() =>
            session.Prefill(TinyModel.Tokens, _ => throw new InvalidDataException("mine"), CancellationToken.None)).Message.ShouldBe("mine");
        var position = session.Position;
        if (position < TinyModel.Tokens.Length)
        {
            session.Decode(TinyModel.Tokens[position]);
            TinyModel.Distance(session.Logits, TinyModel.ExactLogits(position)).ShouldBeLessThan(2e-5);
        }
    }

    [Fact]
    public void A_full_context_is_refused_and_the_session_stays_valid()
    {
        using var session = _model.Model.CreateSession(10, EngineMode.Exact);
        session.Prefill(TinyModel.Tokens.AsSpan(0, 9), null, CancellationToken.None);
        var failure = Should.Throw<EngineException>(() => session.Prefill(TinyModel.Tokens.AsSpan(9, 2), null, CancellationToken.None));
        failure.Status.ShouldBe(EngineStatus.ContextFull);
        failure.Message.ShouldContain("10");
        session.Position.ShouldBe(9);
        session.Decode(TinyModel.Tokens[9]);
        TinyModel.Distance(session.Logits, TinyModel.ExactLogits(9)).ShouldBeLessThan(2e-5);
        Should.Throw<EngineException>(() => session.Decode(TinyModel.Tokens[10])).Status.ShouldBe(EngineStatus.ContextFull);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(TinyModel.Vocabulary)]
    public void A_token_outside_the_vocabulary_is_refused(int token)
    {
        using var session = _model.Model.CreateSession(10, EngineMode.Exact);
        Should.Throw<EngineException>(() => session.Decode(token)).Status.ShouldBe(EngineStatus.InvalidArgument);
        Should.Throw<EngineException>(() => session.Prefill([token], null, CancellationToken.None)).Status.ShouldBe(EngineStatus.InvalidArgument);
    }

    [Fact]
    public void There_are_no_logits_before_the_first_token()
    {
        using var session = _model.Model.CreateSession(10, EngineMode.Exact);
        Should.Throw<EngineException>(() => session.Logits.Length).Message.ShouldContain("no logits");
    }

    [Fact]
    public void An_empty_prefill_does_nothing()
    {
        using var session = _model.Model.CreateSession(10, EngineMode.Exact);
        session.Prefill([], null, CancellationToken.None);
        session.Position.ShouldBe(0);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-5)]
    [InlineData(2_000_000)]
    public void A_context_out_of_range_is_refused(int contextLength)
    {
        Should.Throw<EngineException>(() => _model.Model.CreateSession(contextLength, EngineMode.Exact)).Status.ShouldBe(EngineStatus.InvalidArgument);
        Should.Throw<EngineException>(() => _model.Model.EstimateSessionBytes(contextLength, EngineMode.Exact)).Status.ShouldBe(EngineStatus.InvalidArgument);
    }

    [Fact]
    public void A_longer_context_needs_more_memory() => _model.Model.EstimateSessionBytes(100_000, EngineMode.Fast)
        .ShouldBeGreaterThan(_model.Model.EstimateSessionBytes(1_000, EngineMode.Fast));

    [Fact]
    public void A_file_that_is_no_model_is_refused_with_its_reason()
    {
        Refused(RepositoryFiles.Of("LICENSE")).Status.ShouldBe(EngineStatus.Format);
        Refused("/does/not/exist.gguf").Status.ShouldBe(EngineStatus.Io);
        Refused("/does/not/exist.gguf").Message.ShouldContain("/does/not/exist.gguf");
    }

    [Fact]
    public void A_library_that_is_none_is_refused_with_its_path()
    {
        Should.Throw<EngineException>(() => LoadedModel.Open("/does/not/exist.so", RepositoryFiles.TinyModel)).Message.ShouldContain("/does/not/exist.so");
        Should.Throw<EngineException>(() => LoadedModel.Open(RepositoryFiles.Of("LICENSE"), RepositoryFiles.TinyModel)).Status.ShouldBe(EngineStatus.Io);
    }

    [Fact]
    public void A_disposed_session_says_so()
    {
        var session = _model.Model.CreateSession(10, EngineMode.Exact);
        session.Dispose();
        Should.Throw<ObjectDisposedException>(() => session.Decode(1));
        Should.Throw<ObjectDisposedException>(() => session.Position);
        session.Dispose();
    }

    [Fact]
    public void A_model_that_is_disposed_first_lives_as_long_as_its_sessions()
    {
        var model = TinyModel.Open();
        using var session = model.Model.CreateSession(10, EngineMode.Exact);
        model.Dispose();
        session.Decode(TinyModel.Tokens[0]);
        TinyModel.Distance(session.Logits, TinyModel.ExactLogits(0)).ShouldBeLessThan(2e-5);
        Should.Throw<ObjectDisposedException>(() => model.Model.CreateSession(10, EngineMode.Exact));
    }

    [Fact]
    public async Task A_second_compute_call_of_a_model_is_refused_as_busy()
    {
        using var running = _model.Model.CreateSession(4096, EngineMode.Exact);
        using var waiting = _model.Model.CreateSession(16, EngineMode.Exact);
        using var started = new ManualResetEventSlim();
        using var tried = new ManualResetEventSlim();
        int[] tokens = [.. Enumerable.Repeat(TinyModel.Tokens, 3).SelectMany(ids => ids)];
        var cancellation = TestContext.Current.CancellationToken;
        var prefill = Task.Run(
            () => running.Prefill(
                tokens,
                _ =>
                {
                    started.Set();
                    tried.Wait(cancellation);
                },
                cancellation),
            cancellation);
        started.Wait(cancellation);
        Should.Throw<EngineException>(() => waiting.Decode(1)).Status.ShouldBe(EngineStatus.Busy);
        tried.Set();
        await prefill;
        running.Position.ShouldBe(tokens.Length);
    }

    [Fact]
    public void A_whole_reply_goes_from_conversation_to_events()
    {
        var prompt = _model.Template.Encode(_model.Template.Render(new Conversation([new UserMessage("Hi")])));
        using var session = _model.Model.CreateSession(256, EngineMode.Fast);
        session.Prefill([.. prompt], null, CancellationToken.None);
        var parser = _model.CreateReplyParser(thinking: true);
        var constraint = _model.Compile(new ReplyRules()).Begin(thinking: true);
        var sampler = LoadedModel.CreateSampler(new SamplingOptions { Seed = 1 });
        var events = new List<Ds4Provider.Engine.Replies.ReplyEvent>();
        for (var i = 0; i < 50; i++)
        {
            var token = constraint.Accept(sampler.Sample(session.Logits, constraint.Mask(50 - i)), 50 - i);
            if (token == _model.Tokenizer.Control.EndOfSentence)
            {
                break;
            }

            parser.Push(token, events);
            session.Decode(token);
        }

        parser.Complete(Ds4Provider.Engine.Replies.FinishReason.Length, events);
        events[^1].ShouldBeOfType<Ds4Provider.Engine.Replies.Finished>();
    }

    private static EngineException Refused(string modelPath) =>
        Should.Throw<EngineException>(() => LoadedModel.Open(RepositoryFiles.Library, modelPath));
}
