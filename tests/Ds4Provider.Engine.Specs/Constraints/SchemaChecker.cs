using System.Text.Json;

namespace Ds4Provider.Engine.Specs.Constraints;

/// <summary>
/// Checks a value against a schema: an independent, plain reading of the keywords that the mask enforces, to hold
/// against it.
/// </summary>
internal sealed class SchemaChecker(JsonElement root)
{
    public static bool IsValid(string schema, string value)
    {
        var root = JsonElement.Parse(schema);
        return new SchemaChecker(root).IsValid(root, JsonElement.Parse(value));
    }

    private bool IsValid(JsonElement schema, JsonElement value)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.GetBoolean();
        }

        return schema.EnumerateObject().All(keyword => Holds(schema, keyword.Name, keyword.Value, value));
    }

    private bool Holds(JsonElement schema, string keyword, JsonElement limit, JsonElement value) => keyword switch
    {
        "$ref" => IsValid(Find(limit.GetString()!), value),
        "type" => limit.ValueKind == JsonValueKind.Array
            ? limit.EnumerateArray().Any(type => IsOf(value, type.GetString()!))
            : IsOf(value, limit.GetString()!),
        "enum" => limit.EnumerateArray().Any(allowed => JsonElement.DeepEquals(allowed, value)),
        "const" => JsonElement.DeepEquals(limit, value),
        "anyOf" => limit.EnumerateArray().Any(part => IsValid(part, value)),
        "oneOf" => limit.EnumerateArray().Count(part => IsValid(part, value)) == 1,
        "allOf" => limit.EnumerateArray().All(part => IsValid(part, value)),
        "minLength" => value.ValueKind != JsonValueKind.String || Length(value) >= limit.GetInt32(),
        "maxLength" => value.ValueKind != JsonValueKind.String || Length(value) <= limit.GetInt32(),
        "minimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() >= limit.GetDouble(),
        "maximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() <= limit.GetDouble(),
        "exclusiveMinimum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() > limit.GetDouble(),
        "exclusiveMaximum" => value.ValueKind != JsonValueKind.Number || value.GetDouble() < limit.GetDouble(),
        "minItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() >= limit.GetInt32(),
        "maxItems" => value.ValueKind != JsonValueKind.Array || value.GetArrayLength() <= limit.GetInt32(),
        "prefixItems" => value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Zip(limit.EnumerateArray()).All(pair => IsValid(pair.Second, pair.First)),
        "items" => value.ValueKind != JsonValueKind.Array
            || value.EnumerateArray().Skip(Count(schema, "prefixItems")).All(item => IsValid(limit, item)),
        "required" => value.ValueKind != JsonValueKind.Object
            || limit.EnumerateArray().All(name => value.TryGetProperty(name.GetString()!, out _)),
        "properties" => value.ValueKind != JsonValueKind.Object || limit.EnumerateObject().All(property =>
            !value.TryGetProperty(property.Name, out var member) || IsValid(property.Value, member)),
        "additionalProperties" => value.ValueKind != JsonValueKind.Object || value.EnumerateObject().All(member =>
            IsNamed(schema, member.Name) || IsValid(limit, member.Value)),
        _ => true,
    };

    private static bool IsOf(JsonElement value, string type) => type switch
    {
        "string" => value.ValueKind == JsonValueKind.String,
        "number" => value.ValueKind == JsonValueKind.Number && double.IsFinite(value.GetDouble()),
        "integer" => value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out _),
        "boolean" => value.ValueKind is JsonValueKind.True or JsonValueKind.False,
        "null" => value.ValueKind == JsonValueKind.Null,
        "object" => value.ValueKind == JsonValueKind.Object,
        "array" => value.ValueKind == JsonValueKind.Array,
        _ => throw new ArgumentException($"no type: {type}"),
    };

    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();

    private static int Count(JsonElement schema, string keyword) =>
        schema.TryGetProperty(keyword, out var items) ? items.GetArrayLength() : 0;

    private static bool IsNamed(JsonElement schema, string name) =>
        schema.TryGetProperty("properties", out var properties) && properties.TryGetProperty(name, out _);

    private JsonElement Find(string reference) => reference.Split('/').Skip(1)
        .Aggregate(root, (found, step) => found.ValueKind == JsonValueKind.Array ? found[int.Parse(step)] : found.GetProperty(step));
}
