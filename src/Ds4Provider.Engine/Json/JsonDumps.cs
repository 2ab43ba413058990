using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Ds4Provider.Engine.Json;

/// <summary>
/// Writes JSON exactly as Python's <c>json.dumps(value, ensure_ascii=False)</c>: the model was trained on its spaces, its
/// escapes and its numbers, and System.Text.Json writes all three differently.
/// </summary>
internal static class JsonDumps
{
    /// <summary>Writes what a client sent.</summary>
    /// <exception cref="FormatException">The element is nested too deeply.</exception>
    public static string Write(JsonElement element) =>
        JsonText.TryParse(element.GetRawText(), out var value)
            ? Write(value)
            : throw new FormatException("The JSON is nested too deeply to be shown to the model.");

    /// <summary>Writes a value that <see cref="JsonText"/> read.</summary>
    public static string Write(object? value)
    {
        var text = new StringBuilder();
        Append(text, value);
        return text.ToString();
    }

    /// <summary>Appends a text without its quotation marks.</summary>
    public static void AppendEscaped(StringBuilder target, ReadOnlySpan<char> text)
    {
        foreach (var character in text)
        {
            switch (character)
            {
                case '"':
                    target.Append("\\\"");
                    break;
                case '\\':
                    target.Append("\\\\");
                    break;
                case '\b':
                    target.Append("\\b");
                    break;
                case '\f':
                    target.Append("\\f");
                    break;
                case '\n':
                    target.Append("\\n");
                    break;
                case '\r':
                    target.Append("\\r");
                    break;
                case '\t':
                    target.Append("\\t");
                    break;
                case < ' ':
                    target.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    break;
                default:
                    target.Append(character);
                    break;
            }
        }
    }

    /// <summary>Appends a text with its quotation marks.</summary>
    public static void AppendString(StringBuilder target, ReadOnlySpan<char> text)
    {
        target.Append('"');
        AppendEscaped(target, text);
        target.Append('"');
    }

    private static void Append(StringBuilder target, object? value)
    {
        switch (value)
        {
            case null:
                target.Append("null");
                break;
            case bool boolean:
                target.Append(boolean ? "true" : "false");
                break;
            case string text:
                AppendString(target, text);
                break;
            case JsonInteger integer:
                target.Append(integer.Digits);
                break;
            case double number:
                AppendDouble(target, number);
                break;
            case List<object?> items:
                AppendArray(target, items);
                break;
            case OrderedDictionary<string, object?> members:
                AppendObject(target, members);
                break;
            default:
                throw new ArgumentException($"{value.GetType()} is not a JSON value.", nameof(value));
        }
    }

    private static void AppendArray(StringBuilder target, List<object?> items)
    {
        target.Append('[');
        var separator = "";
        foreach (var item in items)
        {
            target.Append(separator);
            Append(target, item);
            separator = ", ";
        }

        target.Append(']');
    }

    private static void AppendObject(StringBuilder target, OrderedDictionary<string, object?> members)
    {
        target.Append('{');
        var separator = "";
        foreach (var (key, member) in members)
        {
            target.Append(separator);
            AppendString(target, key);
            target.Append(": ");
            Append(target, member);
            separator = ", ";
        }

        target.Append('}');
    }

    /// <summary>Python's <c>repr</c>: the shortest digits that read back the same, an exponent below 1e-4 and from 1e16 on.</summary>
    private static void AppendDouble(StringBuilder target, double number)
    {
        if (!double.IsFinite(number))
        {
            target.Append(double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
            return;
        }

        // Both languages find the same shortest digits; only where they put point and exponent differs.
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        var (digits, exponent) = Decompose(shortest);
        if (double.IsNegative(number))
        {
            target.Append('-');
        }

        switch (exponent)
        {
            case >= 16 or < -4:
                target.Append(digits[0]);
                if (digits.Length > 1)
                {
                    target.Append('.').Append(digits, 1, digits.Length - 1);
                }

                target.Append('e').Append(exponent < 0 ? '-' : '+');
                target.Append(Math.Abs(exponent).ToString("00", CultureInfo.InvariantCulture));
                break;
            case < 0:
                target.Append("0.").Append('0', -exponent - 1).Append(digits);
                break;
            default:
                AppendFixed(target, digits, exponent + 1);
                break;
        }
    }

    private static void AppendFixed(StringBuilder target, string digits, int integerDigits)
    {
        if (digits.Length <= integerDigits)
        {
            target.Append(digits).Append('0', integerDigits - digits.Length).Append(".0");
            return;
        }

        target.Append(digits, 0, integerDigits).Append('.').Append(digits, integerDigits, digits.Length - integerDigits);
    }

    /// <summary>Significant digits without leading or trailing zeros, and the exponent of the first one.</summary>
    private static (string Digits, int Exponent) Decompose(string shortest)
    {
        var mantissa = shortest.AsSpan().TrimStart('-');
        var exponent = 0;
        if (mantissa.IndexOf('E') is >= 0 and var mark)
        {
            exponent = int.Parse(mantissa[(mark + 1)..], NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
            mantissa = mantissa[..mark];
        }

        var point = mantissa.IndexOf('.');
        var integerDigits = point < 0 ? mantissa.Length : point;
        var all = mantissa.ToString().Replace(".", "", StringComparison.Ordinal);
        var significant = all.TrimStart('0');
        if (significant.Length == 0)
        {
            return ("0", 0);
        }

        exponent += integerDigits - 1 - (all.Length - significant.Length);
        return (significant.TrimEnd('0'), exponent);
    }
}
