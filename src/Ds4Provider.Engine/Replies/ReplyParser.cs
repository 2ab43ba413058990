using System.Text;
using Ds4Provider.Engine.Dsml;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Replies;

/// <summary>
/// The state of a reply: reasoning until a sampled <c>&lt;/think&gt;</c>, then text and calls. Control tokens that the
/// state does not know are surfaced as their text, should a sampler not mask them.
/// </summary>
internal sealed class ReplyParser : IReplyParser
{
    private readonly ITokenizer _tokenizer;
    private readonly bool _allowCalls;
    private readonly ReplyEventWriter _events = new();
    private readonly CallReader _answer;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder(); // holds incomplete characters
    private char[] _characters = new char[64];
    private bool _reasoning;
    private bool _finished;

    /// <summary>Begins a reply.</summary>
    /// <param name="tokenizer">The model's vocabulary.</param>
    /// <param name="thinking">Whether the prompt ended with <c>&lt;think&gt;</c>.</param>
    /// <param name="allowCalls">Whether tools may be called.</param>
    /// <param name="valuesAreJson">Whether a grammar guarantees that JSON arguments are JSON, so that they can be handed out as they grow.</param>
    /// <param name="newCallId">Source of call ids.</param>
    public ReplyParser(ITokenizer tokenizer, bool thinking, bool allowCalls, bool valuesAreJson, Func<string> newCallId)
    {
        _tokenizer = tokenizer;
        _reasoning = thinking;
        _allowCalls = allowCalls;
        _answer = new CallReader(_events, newCallId, valuesAreJson);
    }

    /// <inheritdoc/>
    public bool IsComplete => _answer.IsComplete;

    /// <inheritdoc/>
    public bool IsSyntax => !_reasoning && _answer.IsSyntax;

    /// <inheritdoc/>
    public int ReasoningTokens { get; private set; }

    /// <inheritdoc/>
    public bool Allows(int controlToken)
    {
        var control = _tokenizer.Control;
        return controlToken == control.EndOfSentence ? _reasoning || _answer.AllowsEnd
            : controlToken == control.ThinkClose ? _reasoning
            : controlToken == control.Dsml ? _allowCalls && !_reasoning && _answer.AllowsTag
            : !_tokenizer.IsControl(controlToken);
    }

    /// <inheritdoc/>
    public void Push(int token, ICollection<ReplyEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        var control = _tokenizer.Control;
        if (_finished || IsComplete || token == control.EndOfSentence)
        {
            return;
        }

        _events.Begin(events);
        if (_reasoning && token == control.ThinkClose)
        {
            Read([], flush: true);
            _reasoning = false;
        }
        else
        {
            ReasoningTokens += _reasoning ? 1 : 0;
            if (!_reasoning && token == control.Dsml && _allowCalls)
            {
                Read([], flush: true);
                _answer.ReadTagToken();
            }
            else
            {
                Read(_tokenizer.Bytes(token), flush: _tokenizer.IsControl(token));
            }
        }

        _events.Flush();
    }

    /// <inheritdoc/>
    public void Complete(FinishReason reason, ICollection<ReplyEvent> events)
    {
        ArgumentNullException.ThrowIfNull(events);
        if (_finished)
        {
            return;
        }

        // A reply cut off inside a block stays so: its last call must not be taken for what the model meant.
        var whole = IsComplete || reason != FinishReason.Length;
        _finished = true;
        _events.Begin(events);
        Read([], flush: true);
        _answer.End();
        _events.Write(new Finished(whole && _answer.Calls > 0 ? FinishReason.ToolCalls : reason));
    }

    private void Read(ReadOnlySpan<byte> bytes, bool flush)
    {
        var most = _decoder.GetCharCount(bytes, flush);
        if (most > _characters.Length)
        {
            _characters = new char[most];
        }

        var text = _characters.AsSpan(0, _decoder.GetChars(bytes, _characters, flush));
        if (_reasoning)
        {
            _events.Reasoning(text);
        }
        else
        {
            _answer.Read(text);
        }
    }
}
