using System.Globalization;
using System.Text.Json;

namespace Ds4Provider.Server.Http;

/// <summary>
/// A value of a request together with its path, so that every refusal can name the field. Absent and <c>null</c> are
/// the same: client libraries send <c>null</c> for options that nobody set.
/// </summary>
internal readonly struct JsonField(JsonElement value, string path)
{
    public JsonElement Value { get; } = value;

    /// <summary>E.g. <c>messages[2].content[0].type</c>.</summary>
    public string Path { get; } = path;

    public bool IsAbsent => Value.ValueKind is JsonValueKind.Undefined or JsonValueKind.Null;

    /// <summary>A member of this object; absent when there is none.</summary>
    public JsonField this[string name] =>
        Member(name, Value.ValueKind == JsonValueKind.Object && Value.TryGetProperty(name, out JsonElement found) ? found : default);

    public JsonField Member(string name, JsonElement member) => new(member, Path.Length == 0 ? name : $"{Path}.{name}");

    /// <summary>The items of this array.</summary>
    public IEnumerable<JsonField> Items()
    {
        string path = Path;
        return Expect(JsonValueKind.Array, "an array").EnumerateArray().Select((item, i) => new JsonField(item, $"{path}[{i}]"));
    }

    public JsonElement Object() => Expect(JsonValueKind.Object, "an object");

    public string String() => Expect(JsonValueKind.String, "a string").GetString()!;

    public string? OptionalString() => IsAbsent ? null : String();

    public bool? OptionalBoolean() => IsAbsent ? null : Value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => throw Unexpected("true or false"),
    };

    /// <summary>A whole number of the range; also written as <c>1.0</c> or <c>1e3</c>, as some languages do.</summary>
    public int? OptionalInteger(int least, int most)
    {
        string expected = most == int.MaxValue
            ? $"a whole number of at least {least}"
            : $"a whole number from {least} to {most}";
        if (OptionalNumber(least, most, expected) is not { } number)
            return null;
        return number == Math.Truncate(number) ? (int)number : throw Unexpected(expected);
    }

    public long? OptionalLong()
    {
        if (IsAbsent)
            return null;
        return Value.ValueKind == JsonValueKind.Number && Value.TryGetInt64(out long number)
            ? number
            : throw Unexpected("a whole number of 64 bits");
    }

    public double? OptionalNumber(double least, double most, string expected)
    {
        if (IsAbsent)
            return null;
        return Value.ValueKind == JsonValueKind.Number && Value.TryGetDouble(out double number) && number >= least && number <= most
            ? number
            : throw Unexpected(expected);
    }

    /// <summary>A refusal of this field.</summary>
    public ApiException Refuse(string reason, string? code = null) =>
        ApiException.Invalid(Path.Length == 0 ? null : Path, $"{(Path.Length == 0 ? "The body" : Path)}: {reason}", code);

    /// <summary>A refusal of this field's type or value.</summary>
    public ApiException Unexpected(string expected) => Refuse($"expected {expected}, found {Describe()}.", "invalid_type");

    private JsonElement Expect(JsonValueKind kind, string expected) => Value.ValueKind == kind ? Value : throw Unexpected(expected);

    private string Describe() => Value.ValueKind switch
    {
        JsonValueKind.Undefined => "nothing",
        JsonValueKind.Null => "null",
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "the string " + Shorten(JsonEncodedText.Encode(Value.GetString()!).ToString(), "\""),
        JsonValueKind.Number => "the number " + Shorten(Value.GetRawText(), ""),
        _ => Value.GetRawText(),
    };

    private static string Shorten(string text, string quote) =>
        quote + (text.Length <= 40 ? text : string.Create(CultureInfo.InvariantCulture, $"{text[..40]}…")) + quote;
}
