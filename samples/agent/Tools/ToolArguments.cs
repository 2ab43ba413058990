using System.Globalization;
using System.Text.Json;

namespace Agent.Tools;

/// <summary>Reads the arguments of a call, which a model wrote: anything may be missing or of another kind.</summary>
internal readonly struct ToolArguments(JsonElement arguments)
{
    public string RequiredString(string name) =>
        !TryGet(name, out JsonElement value) ? throw new ToolException($"{name} is missing.")
        : value.ValueKind != JsonValueKind.String ? throw new ToolException($"{name} must be a string.")
        : value.GetString()!;

    /// <summary>A number, also when it is written as a string; null when it is absent.</summary>
    public double? OptionalNumber(string name)
    {
        if (!TryGet(name, out JsonElement value))
            return null;
        if (value.ValueKind == JsonValueKind.Number)
            return value.GetDouble();
        if (value.ValueKind == JsonValueKind.String
            && double.TryParse(value.GetString(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number))
        {
            return number;
        }
        throw new ToolException($"{name} must be a number.");
    }

    public int? OptionalPositive(string name)
    {
        double? number = OptionalNumber(name);
        return number is null ? null
            : number >= 1 && number <= int.MaxValue && Math.Floor(number.Value) == number ? (int)number.Value
            : throw new ToolException($"{name} must be a whole number from 1.");
    }

    /// <summary>An array, also when it arrives as a string that holds one, or as its only item.</summary>
    public JsonElement RequiredArray(string name)
    {
        if (!TryGet(name, out JsonElement value))
            throw new ToolException($"{name} is missing.");
        if (value.ValueKind == JsonValueKind.String)
            value = ParseArray(name, value.GetString()!);
        return value.ValueKind switch
        {
            JsonValueKind.Array => value,
            JsonValueKind.Object => JsonSerializer.SerializeToElement(new[] { value }),
            _ => throw new ToolException($"{name} must be an array."),
        };
    }

    private static JsonElement ParseArray(string name, string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new ToolException($"{name} must be an array.");
        }
    }

    private bool TryGet(string name, out JsonElement value)
    {
        value = default;
        return arguments.ValueKind == JsonValueKind.Object && arguments.TryGetProperty(name, out value)
            && value.ValueKind != JsonValueKind.Null;
    }
}
