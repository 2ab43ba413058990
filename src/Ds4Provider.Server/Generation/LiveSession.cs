using Ds4Provider.Engine;

namespace Ds4Provider.Server.Generation;

/// <summary>
/// The one session and the exact tokens that it holds. A prompt that begins with them continues it; any other prompt
/// starts anew, because a session cannot go back. Not thread-safe.
/// </summary>
internal sealed class LiveSession : IDisposable
{
    private readonly ILanguageModel model;
    private readonly int contextLength;
    private readonly List<int> tokens = [];
    private ILanguageSession? session;
    private bool hasLogits;

    public LiveSession(ILanguageModel model, int contextLength)
    {
        this.model = model;
        this.contextLength = contextLength;
        // Allocated now: memory that is not there is a failed start, not a failed first request.
        session = model.CreateSession(contextLength, EngineMode.Fast);
    }

    /// <summary>Logits after the last token.</summary>
    public ReadOnlySpan<float> Logits => Session.Logits;

    private ILanguageSession Session => session ?? throw new InvalidOperationException("The session was not begun.");

    /// <summary>Makes the session ready to be continued to <paramref name="prompt"/>.</summary>
    public Reuse Begin(IReadOnlyList<int> prompt)
    {
        int common = CommonPrefix(prompt);
        int held = tokens.Count;
        bool continues = session is not null && common == held && (held < prompt.Count || hasLogits);
        if (!continues)
            Renew();
        return new Reuse(tokens.Count, held, common);
    }

    /// <summary>Evaluates tokens; when cancelled, keeps those that were evaluated.</summary>
    public void Prefill(ReadOnlySpan<int> tail, Action<int> progress, CancellationToken cancellationToken)
    {
        hasLogits = false;
        try
        {
            Session.Prefill(tail, progress, cancellationToken);
            tokens.AddRange(tail);
            hasLogits = true;
        }
        catch (OperationCanceledException)
        {
            tokens.AddRange(tail[..(Session.Position - tokens.Count)]);
            throw;
        }
    }

    /// <summary>Evaluates one token.</summary>
    public void Decode(int token)
    {
        hasLogits = false;
        Session.Decode(token);
        tokens.Add(token);
        hasLogits = true;
    }

    /// <summary>Gives the state up, after a failure that may have left it damaged.</summary>
    public void Discard()
    {
        session?.Dispose();
        session = null;
        tokens.Clear();
        hasLogits = false;
    }

    public void Dispose() => Discard();

    private int CommonPrefix(IReadOnlyList<int> prompt)
    {
        int most = Math.Min(tokens.Count, prompt.Count);
        int common = 0;
        while (common < most && tokens[common] == prompt[common])
            common++;
        return common;
    }

    private void Renew()
    {
        if (session is not null && tokens.Count == 0)
            return;
        // The old one goes first: two sessions need not fit in memory.
        Discard();
        session = model.CreateSession(contextLength, EngineMode.Fast);
    }
}

/// <summary>What a prompt found in the session.</summary>
/// <param name="Cached">Tokens that need not be evaluated again.</param>
/// <param name="Held">Tokens that the session held.</param>
/// <param name="Common">Of those, how many the prompt begins with; fewer than <paramref name="Held"/> = a miss.</param>
internal readonly record struct Reuse(int Cached, int Held, int Common);
