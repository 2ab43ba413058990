using System.Buffers;
using System.Text;
using System.Text.Json;
using Ds4Provider.Engine.Json;

namespace Ds4Provider.Engine.Dsml;

/// <summary>
/// Builds the arguments of one call as JSON while its parameters are generated. What was handed out is never taken back,
/// and at any moment <see cref="End"/> makes it valid JSON.
/// </summary>
/// <remarks>
/// A string grows piece by piece, and so does a value that says it is JSON when a grammar guarantees it. Without that it
/// is handed out when it is complete and proves to be JSON, as it stands; otherwise it becomes a string, which the tool's
/// schema then refuses. Handing it out as it grows would have to mend what breaks off: an unescaped quotation mark in an
/// edit would silently become a shorter edit.
/// </remarks>
/// <param name="write">Gets the JSON, piece by piece.</param>
/// <param name="valuesAreJson">Whether values that say they are JSON cannot be anything else.</param>
internal sealed class ArgumentsBuilder(Action<ReadOnlySpan<char>> write, bool valuesAreJson)
{
    private readonly HashSet<string> _keys = new(StringComparer.Ordinal);
    private readonly StringBuilder _value = new(); // of a parameter that is JSON; of a string: not used
    private readonly StringBuilder _escaped = new();
    private bool _isString;
    private bool _inValue;
    private bool _inJsonString;
    private bool _afterBackslash;

    /// <summary>Whether the value at hand is JSON and stands outside its strings.</summary>
    public bool IsSyntax => _inValue && !_isString && !_inJsonString;

    /// <summary>Whether a parameter of this name was begun.</summary>
    public bool Has(string key) => _keys.Contains(key);

    /// <summary>Begins a parameter.</summary>
    public void BeginValue(string key, bool isString)
    {
        write(_keys.Count == 0 ? "{" : ", ");
        _keys.Add(key);
        WriteEscaped(key, quoted: true);
        write(": ");
        _isString = isString;
        _inValue = true;
        _inJsonString = false;
        _afterBackslash = false;
        if (isString)
        {
            write("\"");
        }
    }

    /// <summary>Adds to the parameter's value.</summary>
    public void Append(ReadOnlySpan<char> piece)
    {
        if (_isString)
        {
            WriteEscaped(piece, quoted: false);
        }
        else
        {
            _value.Append(piece);
            FollowStrings(piece);
            if (valuesAreJson)
            {
                write(piece);
            }
        }
    }

    /// <summary>Ends the parameter.</summary>
    public void EndValue()
    {
        _inValue = false;
        if (_isString)
        {
            write("\"");
            return;
        }

        var value = _value.ToString();
        _value.Clear();
        if (valuesAreJson)
        {
            if (!IsJson(value))
            {
                throw new InvalidOperationException("The grammar let a value pass that is no JSON, or let it break off.");
            }
        }
        else if (IsJson(value))
        {
            write(value);
        }
        else
        {
            WriteEscaped(value, quoted: true);
        }
    }

    /// <summary>Ends the arguments, and the parameter that is still open.</summary>
    public void End()
    {
        if (_inValue)
        {
            EndValue();
        }

        write(_keys.Count == 0 ? "{}" : "}");
    }

    private void FollowStrings(ReadOnlySpan<char> piece)
    {
        foreach (var character in piece)
        {
            if (!_afterBackslash && character == '"')
            {
                _inJsonString = !_inJsonString;
            }

            _afterBackslash = _inJsonString && !_afterBackslash && character == '\\';
        }
    }

    private void WriteEscaped(ReadOnlySpan<char> text, bool quoted)
    {
        if (quoted)
        {
            JsonDumps.AppendString(_escaped, text);
        }
        else
        {
            JsonDumps.AppendEscaped(_escaped, text);
        }

        write(_escaped.ToString());
        _escaped.Clear();
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var document = JsonDocument.Parse(text);

            // The parser lets the escape of half a surrogate pair pass; whoever reads that string gets an exception.
            return JsonText.TryParse(text, out var value) && IsWellFormed(JsonDumps.Write(value));
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static bool IsWellFormed(ReadOnlySpan<char> text)
    {
        while (!text.IsEmpty)
        {
            if (Rune.DecodeFromUtf16(text, out _, out var length) != OperationStatus.Done)
            {
                return false;
            }

            text = text[length..];
        }

        return true;
    }
}
