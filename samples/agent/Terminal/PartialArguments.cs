using System.Globalization;
using System.Text;

namespace Agent.Terminal;

/// <summary>
/// The arguments of a call while the model writes them: a JSON object that arrives in pieces. Strings show what has been
/// read so far; other values appear as JSON text. Tolerant, because it only feeds the screen: the tool gets the arguments
/// that were parsed at the end. Every character is looked at once.
/// </summary>
internal sealed class PartialArguments
{
    private readonly List<PartialArgument> arguments = [];
    private readonly StringBuilder name = new();
    private readonly StringBuilder escape = new();
    private State state = State.BeforeObject;
    private StringBuilder? target;
    private char? highSurrogate;
    private int depth;
    private bool nestedString;
    private bool nestedEscape;

    private enum State
    {
        BeforeObject,
        BeforeName,
        InName,
        BeforeValue,
        InString,
        InOther,
        AfterObject,
    }

    /// <summary>The arguments in the order in which they began.</summary>
    public IReadOnlyList<PartialArgument> Arguments => arguments;

    /// <summary>Whether the object has been closed.</summary>
    public bool IsComplete => state == State.AfterObject;

    public PartialArgument? Find(string argument) => arguments.Find(candidate => candidate.Name == argument);

    public void Append(ReadOnlySpan<char> text)
    {
        foreach (char character in text)
            Append(character);
    }

    private void Append(char character)
    {
        switch (state)
        {
            case State.BeforeObject when character == '{':
                state = State.BeforeName;
                break;
            case State.BeforeName when character == '"':
                Open(State.InName, name.Clear());
                break;
            case State.BeforeName or State.BeforeValue when character == '}':
                state = State.AfterObject;
                break;
            case State.InName or State.InString:
                AppendToString(character);
                break;
            case State.BeforeValue:
                BeginValue(character);
                break;
            case State.InOther:
                AppendToOther(character);
                break;
            default:
                // White space, commas, and whatever does not belong here.
                break;
        }
    }

    private void Open(State next, StringBuilder text)
    {
        state = next;
        target = text;
        escape.Clear();
        highSurrogate = null;
    }

    private void BeginValue(char character)
    {
        if (character == ':' || char.IsWhiteSpace(character))
            return;
        PartialArgument argument = new(name.ToString(), isString: character == '"');
        arguments.Add(argument);
        if (argument.IsString)
        {
            Open(State.InString, argument.Builder);
            return;
        }
        Open(State.InOther, argument.Builder);
        (depth, nestedString, nestedEscape) = (0, false, false);
        AppendToOther(character);
    }

    private void AppendToString(char character)
    {
        if (escape.Length > 0)
            AppendToEscape(character);
        else if (character == '\\')
            escape.Append(character);
        else if (character == '"')
            CloseString();
        else
            Emit(character);
    }

    private void AppendToEscape(char character)
    {
        escape.Append(character);
        if (escape[1] == 'u')
        {
            if (escape.Length == 6)
                EmitEscaped(ushort.TryParse(escape.ToString(2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ushort code)
                    ? (char)code
                    : '\uFFFD');
            return;
        }
        EmitEscaped(character switch
        {
            'n' => '\n',
            't' => '\t',
            'r' => '\r',
            'b' => '\b',
            'f' => '\f',
            _ => character,
        });
    }

    private void EmitEscaped(char character)
    {
        escape.Clear();
        Emit(character);
    }

    /// <summary>Adds a character, a surrogate only together with its other half.</summary>
    private void Emit(char character)
    {
        if (char.IsHighSurrogate(character))
        {
            FlushSurrogate();
            highSurrogate = character;
        }
        else if (char.IsLowSurrogate(character))
        {
            if (highSurrogate is { } high)
                target!.Append(high).Append(character);
            else
                target!.Append('\uFFFD');
            highSurrogate = null;
        }
        else
        {
            FlushSurrogate();
            target!.Append(character);
        }
    }

    private void FlushSurrogate()
    {
        if (highSurrogate is not null)
            target!.Append('\uFFFD');
        highSurrogate = null;
    }

    private void CloseString()
    {
        FlushSurrogate();
        if (state == State.InName)
        {
            state = State.BeforeValue;
            return;
        }
        arguments[^1].IsComplete = true;
        state = State.BeforeName;
    }

    /// <summary>Numbers, literals, arrays and objects: kept as text, read only far enough to see where they end.</summary>
    private void AppendToOther(char character)
    {
        if (nestedString)
        {
            target!.Append(character);
            if (nestedEscape)
                nestedEscape = false;
            else if (character == '\\')
                nestedEscape = true;
            else if (character == '"')
                nestedString = false;
            return;
        }
        if (depth == 0 && (character is ',' or '}'))
        {
            CloseOther(character);
            return;
        }
        depth += character switch { '{' or '[' => 1, '}' or ']' => -1, _ => 0 };
        nestedString = character == '"';
        target!.Append(character);
    }

    private void CloseOther(char character)
    {
        while (target!.Length > 0 && char.IsWhiteSpace(target[^1]))
            target.Length--;
        arguments[^1].IsComplete = true;
        state = character == '}' ? State.AfterObject : State.BeforeName;
    }
}

/// <summary>One argument, as far as it has been written.</summary>
internal sealed class PartialArgument(string name, bool isString)
{
    public string Name { get; } = name;

    /// <summary>Whether <see cref="Text"/> is the value of a string; otherwise it is JSON text.</summary>
    public bool IsString { get; } = isString;

    public bool IsComplete { get; internal set; }

    public string Text => Builder.ToString();

    internal StringBuilder Builder { get; } = new();
}
