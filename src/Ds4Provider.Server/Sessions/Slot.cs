using System.Runtime.InteropServices;
using Ds4Provider.Engine;

namespace Ds4Provider.Server.Sessions;

/// <summary>A session and the exact tokens that it holds. Used by the worker only.</summary>
internal sealed class Slot : IDisposable
{
    private readonly ILanguageModel model;
    private readonly int contextLength;
    private readonly List<int> tokens = [];
    private ILanguageSession? session;
    private bool hasLogits;

    public Slot(ILanguageModel model, int contextLength)
    {
        this.model = model;
        this.contextLength = contextLength;
        // Allocated now: memory that is not there is a failed start, not a failed first request.
        session = model.CreateSession(contextLength, EngineMode.Fast);
    }

    /// <summary>Whether a reply uses it.</summary>
    public bool IsBusy { get; set; }

    /// <summary>When it was used last; orders slots.</summary>
    public long LastUse { get; set; }

    /// <summary>What was evaluated.</summary>
    public ReadOnlySpan<int> Tokens => CollectionsMarshal.AsSpan(tokens);

    /// <summary>Logits after the last token.</summary>
    public ReadOnlySpan<float> Logits => Session.Logits;

    /// <summary>The session, for calls that take several.</summary>
    public ILanguageSession Session => session ?? throw new InvalidOperationException("The slot was not begun.");

    /// <summary>Whether a prompt can go on from here, with at least one token to evaluate or with logits to sample from.</summary>
    public bool IsPrefixOf(ReadOnlySpan<int> prompt) =>
        session is not null && prompt.StartsWith(Tokens) && (tokens.Count < prompt.Length || hasLogits);

    /// <summary>Makes the slot what it was when a checkpoint of these tokens was taken.</summary>
    public void Restore(ISessionCheckpoint state, ReadOnlySpan<int> evaluated)
    {
        session ??= model.CreateSession(contextLength, EngineMode.Fast);
        session.Restore(state);
        tokens.Clear();
        tokens.AddRange(evaluated);
        hasLogits = true;
    }

    /// <summary>Empties the slot.</summary>
    public void Renew()
    {
        if (session is not null && tokens.Count == 0)
            return;
        // The old one goes first: two sessions need not fit in memory.
        Discard();
        session = model.CreateSession(contextLength, EngineMode.Fast);
    }

    /// <summary>Evaluates tokens; when cancelled, keeps those that were evaluated.</summary>
    public void Prefill(ReadOnlySpan<int> next, Action<int> progress, CancellationToken cancellationToken)
    {
        try
        {
            Session.Prefill(next, progress, cancellationToken);
            tokens.AddRange(next);
            hasLogits = true;
        }
        catch (OperationCanceledException)
        {
            int evaluated = Session.Position - tokens.Count;
            tokens.AddRange(next[..evaluated]);
            hasLogits |= evaluated > 0;
            throw;
        }
    }

    /// <summary>Notes a token that was evaluated with those of other slots.</summary>
    public void Decoded(int token) => tokens.Add(token);

    /// <summary>Keeps the state.</summary>
    public ISessionCheckpoint Checkpoint() => Session.Checkpoint();

    /// <summary>Gives the state up, after a failure that may have left it damaged.</summary>
    public void Discard()
    {
        session?.Dispose();
        session = null;
        tokens.Clear();
        hasLogits = false;
    }

    public void Dispose() => Discard();
}
