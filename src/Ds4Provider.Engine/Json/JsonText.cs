using System.Globalization;
using System.Text;

namespace Ds4Provider.Engine.Json;

/// <summary>
/// Reads JSON as Python's <c>json.loads</c> does, because the model's format was defined by a Python program: the last of
/// equal keys wins but keeps the first one's place, integers have any size, <c>NaN</c> and <c>Infinity</c> are numbers,
/// unpaired surrogates are kept.
/// </summary>
/// <remarks>
/// Values are <see cref="OrderedDictionary{TKey, TValue}"/>, <see cref="List{T}"/>, <see cref="string"/>,
/// <see cref="JsonInteger"/>, <see cref="double"/>, <see cref="bool"/> and null.
/// </remarks>
internal ref struct JsonText
{
    // Python gives up at about a thousand levels.
    private const int DeepestNesting = 500;

    private readonly ReadOnlySpan<char> _text;
    private int _at;

    private JsonText(ReadOnlySpan<char> text) => _text = text;

    /// <summary>Parses a whole text; false when it is not JSON.</summary>
    public static bool TryParse(ReadOnlySpan<char> text, out object? value)
    {
        var reader = new JsonText(text);
        reader.SkipWhiteSpace();
        if (!reader.TryReadValue(0, out value))
        {
            return false;
        }

        reader.SkipWhiteSpace();
        return reader._at == text.Length;
    }

    private bool TryReadValue(int depth, out object? value)
    {
        value = null;
        if (_at >= _text.Length || depth > DeepestNesting)
        {
            return false;
        }

        switch (_text[_at])
        {
            case '{':
                return TryReadObject(depth, out value);
            case '[':
                return TryReadArray(depth, out value);
            case '"':
                var read = TryReadString(out var text);
                value = text;
                return read;
            default:
                return TryReadLiteral(out value) || TryReadNumber(out value);
        }
    }

    private bool TryReadObject(int depth, out object? value)
    {
        var members = new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        value = members;
        _at++;
        SkipWhiteSpace();
        if (TryTake('}'))
        {
            return true;
        }

        do
        {
            SkipWhiteSpace();
            if (!TryReadString(out var key))
            {
                return false;
            }

            SkipWhiteSpace();
            if (!TryTake(':'))
            {
                return false;
            }

            SkipWhiteSpace();
            if (!TryReadValue(depth + 1, out var member))
            {
                return false;
            }

            members[key] = member;
            SkipWhiteSpace();
        }
        while (TryTake(','));
        return TryTake('}');
    }

    private bool TryReadArray(int depth, out object? value)
    {
        var items = new List<object?>();
        value = items;
        _at++;
        SkipWhiteSpace();
        if (TryTake(']'))
        {
            return true;
        }

        do
        {
            SkipWhiteSpace();
            if (!TryReadValue(depth + 1, out var item))
            {
                return false;
            }

            items.Add(item);
            SkipWhiteSpace();
        }
        while (TryTake(','));
        return TryTake(']');
    }

    private bool TryReadString(out string value)
    {
        value = "";
        if (!TryTake('"'))
        {
            return false;
        }

        var text = new StringBuilder();
        while (_at < _text.Length)
        {
            var next = _text[_at++];
            switch (next)
            {
                case '"':
                    value = text.ToString();
                    return true;
                case '\\' when TryReadEscape(out var escaped):
                    text.Append(escaped);
                    break;
                case '\\' or < ' ':
                    return false;
                default:
                    text.Append(next);
                    break;
            }
        }

        return false;
    }

    private bool TryReadEscape(out char value)
    {
        value = default;
        if (_at >= _text.Length)
        {
            return false;
        }

        var kind = _text[_at++];
        if (kind == 'u')
        {
            return TryReadHexadecimal(out value);
        }

        value = kind switch
        {
            '"' or '\\' or '/' => kind,
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => '\0',
        };
        return value != '\0';
    }

    private bool TryReadHexadecimal(out char value)
    {
        value = default;
        if (_text.Length - _at < 4 ||
            !ushort.TryParse(_text.Slice(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit))
        {
            return false;
        }

        _at += 4;
        value = (char)unit;
        return true;
    }

    private bool TryReadLiteral(out object? value)
    {
        (string Text, object? Value)[] literals =
        [
            ("null", null), ("true", true), ("false", false),
            ("NaN", double.NaN), ("Infinity", double.PositiveInfinity), ("-Infinity", double.NegativeInfinity),
        ];
        foreach (var literal in literals)
        {
            if (_text[_at..].StartsWith(literal.Text, StringComparison.Ordinal))
            {
                _at += literal.Text.Length;
                value = literal.Value;
                return true;
            }
        }

        value = null;
        return false;
    }

    private bool TryReadNumber(out object? value)
    {
        value = null;
        var start = _at;
        TryTake('-');
        if (!TryTake('0') && !TryTakeDigits())
        {
            return false;
        }

        var integer = _text[start.._at];
        if (TryTakeFraction() | TryTakeExponent())
        {
            value = double.Parse(_text[start.._at], NumberStyles.Float, CultureInfo.InvariantCulture);
        }
        else
        {
            value = new JsonInteger(integer is "-0" ? "0" : integer.ToString());
        }

        return true;
    }

    private bool TryTakeFraction()
    {
        var start = _at;
        if (TryTake('.') && TryTakeDigits())
        {
            return true;
        }

        _at = start;
        return false;
    }

    private bool TryTakeExponent()
    {
        var start = _at;
        if ((TryTake('e') || TryTake('E')) && (TryTake('+') || TryTake('-') || true) && TryTakeDigits())
        {
            return true;
        }

        _at = start;
        return false;
    }

    private bool TryTakeDigits()
    {
        var start = _at;
        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        return _at > start;
    }

    private bool TryTake(char expected)
    {
        if (_at >= _text.Length || _text[_at] != expected)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void SkipWhiteSpace()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\n' or '\r')
        {
            _at++;
        }
    }
}

/// <summary>An integer of any size, as its digits.</summary>
/// <param name="Digits">With a minus sign when negative.</param>
internal sealed record JsonInteger(string Digits);
