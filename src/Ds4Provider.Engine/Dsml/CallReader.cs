using System.Text;
using Ds4Provider.Engine.Replies;
using Ds4Provider.Engine.Tokenization;

namespace Ds4Provider.Engine.Dsml;

/// <summary>
/// Reads the visible part of a reply: text, and a block of calls. Only a sampled control token makes a tag, so text that
/// merely looks like one stays text. What cannot be read as a call is surfaced as text; nothing throws.
/// </summary>
/// <remarks>
/// White space before a tag, and what may yet become a tag, is held back. Inside a value every character counts; only
/// the parameter's closing tag ends it.
/// </remarks>
internal sealed class CallReader(ReplyEventWriter events, Func<string> newCallId, bool valuesAreJson)
{
    private readonly StringBuilder _held = new();    // not yet surfaced: white space, then perhaps the beginning of a tag
    private readonly StringBuilder _tagText = new(); // what follows the control token in the tag
    private State _state;
    private TagPhase _phase;
    private bool _closing;
    private bool _malformed;
    private ArgumentsBuilder? _arguments; // of the open call

    private enum State
    {
        /// <summary>Before a block.</summary>
        Text,

        /// <summary>In a block, between calls.</summary>
        Block,

        /// <summary>In a call, between parameters.</summary>
        Call,

        /// <summary>In a parameter's value.</summary>
        Value,

        /// <summary>After the block.</summary>
        End,
    }

    private enum TagPhase
    {
        /// <summary>Not in a tag.</summary>
        None,

        /// <summary>After <c>&lt;</c>.</summary>
        Open,

        /// <summary>After <c>&lt;/</c>.</summary>
        Slash,

        /// <summary>After the control token.</summary>
        Name,
    }

    /// <summary>Number of calls begun.</summary>
    public int Calls { get; private set; }

    /// <summary>Whether a block was closed.</summary>
    public bool IsComplete => _state == State.End;

    /// <summary>Whether the next character belongs to syntax, not to text or to a value.</summary>
    public bool IsSyntax => _state switch
    {
        State.Text => _phase == TagPhase.Name,
        State.Value => _phase is TagPhase.Slash or TagPhase.Name || _arguments!.IsSyntax,
        State.End => false,
        _ => true,
    };

    /// <summary>Whether the tag's control token may come next.</summary>
    public bool AllowsTag => _phase switch
    {
        TagPhase.Open => _state is State.Text or State.Block or State.Call,
        TagPhase.Slash => _state is State.Block or State.Call or State.Value,
        _ => false,
    };

    /// <summary>Whether the reply may end here: not in the middle of a well-formed block.</summary>
    public bool AllowsEnd => _state == State.End || (_phase != TagPhase.Name && (_state == State.Text || _malformed));

    /// <summary>Reads text.</summary>
    public void Read(ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            Read(character);
        }
    }

    /// <summary>Reads the tag's control token.</summary>
    public void ReadTagToken()
    {
        if (!AllowsTag)
        {
            Release();
            Surface(ControlTexts.Dsml);
            return;
        }

        _held.Append(ControlTexts.Dsml);
        _closing = _phase == TagPhase.Slash;
        _phase = TagPhase.Name;
    }

    /// <summary>Ends the reply: surfaces what is held, ends the open call.</summary>
    /// <remarks>A tag that is cut off after its control token is syntax, not text: it is dropped.</remarks>
    public void End()
    {
        if (_phase != TagPhase.Name && (_state is State.Text or State.Value || _phase != TagPhase.None))
        {
            Release();
        }

        _held.Clear();
        EndCall();
    }

    private void Read(char character)
    {
        switch (_phase)
        {
            case TagPhase.Open when character == '/' && _state != State.Text:
                _held.Append(character);
                _phase = TagPhase.Slash;
                break;
            case TagPhase.Open or TagPhase.Slash:
                Release();
                ReadOutsideTag(character);
                break;
            case TagPhase.Name:
                ReadInTag(character);
                break;
            default:
                ReadOutsideTag(character);
                break;
        }
    }

    private void ReadOutsideTag(char character)
    {
        if (character == '<')
        {
            _held.Append(character);
            _phase = TagPhase.Open;
        }
        else if (_state != State.Value && character is ' ' or '\t' or '\r' or '\n')
        {
            _held.Append(character);
        }
        else
        {
            Release();
            Surface([character]);
        }
    }

    private void ReadInTag(char character)
    {
        _held.Append(character);
        _tagText.Append(character);
        var text = _tagText.ToString();
        var whole = DsmlTag.IsWhole(text);
        if (whole ? DsmlTag.TryParse(_closing, text, out var tag) && TryEnter(tag) : DsmlTag.IsViable(text))
        {
            if (whole)
            {
                _held.Clear();
                EndTag();
            }

            return;
        }

        Release();
    }

    /// <summary>Does what the tag asks for; false when it does not belong here.</summary>
    private bool TryEnter(DsmlTag tag)
    {
        switch (_state, tag.Closing, tag.Name)
        {
            case (State.Text, false, DsmlTags.Block):
                _state = State.Block;
                return true;

            // A missing end of the call before is forgiven.
            case (State.Block or State.Call, false, DsmlTags.Invoke) when tag.NameAttribute is { Length: > 0 } name:
                EndCall();
                BeginCall(name);
                return true;
            case (State.Call, false, DsmlTags.Parameter) when tag.NameAttribute is { } key && !_arguments!.Has(key):
                _arguments.BeginValue(key, tag.IsString);
                _state = State.Value;
                return true;
            case (State.Value, true, DsmlTags.Parameter):
                _arguments!.EndValue();
                _state = State.Call;
                return true;
            case (State.Call, true, DsmlTags.Invoke):
                EndCall();
                _state = State.Block;
                return true;
            case (State.Block or State.Call, true, DsmlTags.Block):
                EndCall();
                _state = State.End;
                return true;
            default:
                return false;
        }
    }

    private void BeginCall(string name)
    {
        var index = Calls++;
        events.Write(new CallStarted(index, newCallId(), name));
        _arguments = new ArgumentsBuilder(piece => events.Arguments(index, piece), valuesAreJson);
        _state = State.Call;
    }

    private void EndCall()
    {
        if (_arguments is null)
        {
            return;
        }

        _arguments.End();
        _arguments = null;
        events.Write(new CallEnded(Calls - 1));
    }

    /// <summary>What was held is no tag after all.</summary>
    private void Release()
    {
        if (_held.Length > 0)
        {
            var held = _held.ToString();
            _held.Clear();
            Surface(held);
        }

        EndTag();
    }

    private void EndTag()
    {
        _tagText.Clear();
        _phase = TagPhase.None;
    }

    private void Surface(ReadOnlySpan<char> text)
    {
        if (_state == State.Value)
        {
            _arguments!.Append(text);
            return;
        }

        _malformed |= _state is State.Block or State.Call;
        events.Text(text);
    }
}
