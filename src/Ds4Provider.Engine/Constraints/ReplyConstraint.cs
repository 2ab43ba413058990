using Ds4Provider.Engine.Constraints.Grammar;
using Ds4Provider.Engine.Constraints.Masks;

namespace Ds4Provider.Engine.Constraints;

/// <summary>
/// Follows one reply: reasoning until a sampled <c>&lt;/think&gt;</c>, then text in which a block of calls may be opened,
/// or from the start what the grammar asks for.
/// </summary>
internal sealed class ReplyConstraint : ITokenConstraint
{
    private readonly VocabularyMasks _vocabulary;
    private readonly CallsRule? _calls;
    private readonly StateSet? _start; // null: text, and a block when the model opens it
    private readonly TokenSet _mask;
    private readonly MaskWriter _writer;
    private readonly ShortestEnding _ending;
    private readonly int _shortestStart;
    private StateSet _states = new();
    private StateSet _next = new();
    private StateSet _spare = new();
    private Phase _phase;
    private bool _afterBracket; // the text ends with '<'
    private IReadOnlyList<int> _forced = [];
    private int _forcedAt;
    private int _openCost = -1;

    public ReplyConstraint(VocabularyMasks vocabulary, CallsRule? calls, StateSet? start, bool thinking)
    {
        _vocabulary = vocabulary;
        _calls = calls;
        _start = start;
        _mask = new TokenSet(vocabulary.Tokenizer.VocabularySize);
        _writer = new MaskWriter(vocabulary);
        _ending = new ShortestEnding(vocabulary);
        _shortestStart = start is null ? 0 : _ending.Of(start).Count;
        if (thinking)
        {
            _phase = Phase.Reasoning;
        }
        else
        {
            EndReasoning();
        }
    }

    private enum Phase
    {
        Reasoning,
        Text,
        Grammar,
    }

    /// <inheritdoc/>
    public bool IsComplete => _phase == Phase.Grammar && _states.Count == 1 && _states.States[0] is EndState;

    /// <inheritdoc/>
    public bool WasCutShort { get; private set; }

    /// <summary>The ways in which the reply can be understood so far; for tests.</summary>
    internal StateSet States => _states;

    /// <inheritdoc/>
    public TokenSet Mask(int remaining)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(remaining);
        _mask.Clear();
        if (_forcedAt < _forced.Count)
        {
            _mask.Add(_forced[_forcedAt]);
            return _mask;
        }

        switch (_phase)
        {
            case Phase.Reasoning:
                MaskReasoning(remaining);
                break;
            case Phase.Text:
                MaskText(remaining);
                break;
            case Phase.Grammar:
                _writer.Write(_states, _mask);
                break;
        }

        return _mask;
    }

    /// <inheritdoc/>
    public int Accept(int token, int remaining)
    {
        if (_forcedAt < _forced.Count)
        {
            token = _forced[_forcedAt++];
        }

        switch (_phase)
        {
            case Phase.Reasoning:
                if (token == _vocabulary.Tokenizer.Control.ThinkClose)
                {
                    EndReasoning();
                }

                return token;
            case Phase.Text:
                AcceptText(token);
                return token;
            default:
                return AcceptGrammar(token, remaining);
        }
    }

    private void MaskReasoning(int remaining)
    {
        var control = _vocabulary.Tokenizer.Control;
        _mask.Add(control.ThinkClose);
        if (_start is null)
        {
            _mask.Add(control.EndOfSentence);
        }
        else if (remaining <= _shortestStart + 1)
        {
            return; // what must follow needs the rest
        }

        _mask.UnionWith(_vocabulary.Plain);
    }

    private void MaskText(int remaining)
    {
        _mask.CopyFrom(_vocabulary.Plain);
        _mask.Add(_vocabulary.Tokenizer.Control.EndOfSentence);
        if (_afterBracket && _calls is not null && OpenCost(_calls) < remaining)
        {
            _mask.Add(_vocabulary.Tokenizer.Control.Dsml);
        }
    }

    private void AcceptText(int token)
    {
        if (token == _vocabulary.Tokenizer.Control.Dsml && _calls is not null)
        {
            _states.Add(_calls.BeginOpened());
            _phase = Phase.Grammar;
        }
        else
        {
            _afterBracket = _vocabulary.Tokenizer.Bytes(token) is [.., (byte)'<'];
        }
    }

    private int AcceptGrammar(int token, int remaining)
    {
        Read(token);
        if (_next.Count == 0)
        {
            throw new ArgumentException($"The token {token} is not of the mask.", nameof(token));
        }

        if (_forced.Count > 0)
        {
            (_states, _next) = (_next, _states);
            if (_forcedAt == _forced.Count)
            {
                End(); // also where more could follow, as after the digit of a number: there are no tokens for it
            }

            return token;
        }

        if (CanEnd(_next, remaining - 1))
        {
            (_states, _next) = (_next, _states);
            return token;
        }

        WasCutShort = true;
        _forced = _ending.Of(_states);
        return _forced.Count > 0 ? Accept(_forced[0], remaining) : End();
    }

    /// <summary>Ends a reply that could end or go on.</summary>
    private int End()
    {
        _states.Clear();
        _states.Add(EndState.Instance);
        return _vocabulary.Tokenizer.Control.EndOfSentence;
    }

    private void Read(int token)
    {
        var control = _vocabulary.Tokenizer.Control;
        _next.Clear();
        if (token == control.Dsml)
        {
            _states.Read(Symbol.Dsml, _next);
        }
        else if (token == control.EndOfSentence)
        {
            _states.Read(Symbol.End, _next);
        }
        else if (!_vocabulary.Tokenizer.IsControl(token))
        {
            ReadBytes(_vocabulary.Tokenizer.Bytes(token));
        }
    }

    private void ReadBytes(ReadOnlySpan<byte> bytes)
    {
        var (from, to) = (_states, _next);
        for (var i = 0; i < bytes.Length; i++)
        {
            to.Clear();
            from.Read(bytes[i], to);
            (from, to) = (to, i == 0 ? _spare : from);
        }

        if (ReferenceEquals(from, _spare))
        {
            (_next, _spare) = (_spare, _next);
        }
    }

    /// <summary>Whether so many tokens suffice to the end. They do when there are as many as symbols, which is quickly told.</summary>
    private bool CanEnd(StateSet states, int tokens) =>
        states.Cheapest().Cost <= tokens || _ending.Of(states).Count <= tokens;

    private int OpenCost(CallsRule calls)
    {
        if (_openCost < 0)
        {
            var opened = new StateSet();
            opened.Add(calls.BeginOpened());
            _openCost = _ending.Of(opened).Count;
        }

        return _openCost;
    }

    private void EndReasoning()
    {
        _phase = _start is null ? Phase.Text : Phase.Grammar;
        foreach (var state in _start is null ? [] : _start.States)
        {
            _states.Add(state);
        }
    }
}
