using System.Collections.Frozen;
using System.Text.Json;
using Ds4Provider.Server.Http;

namespace Ds4Provider.Server.Requests;

/// <summary>
/// What becomes of every field of an API's requests. Three answers only: it is honoured; it cannot change the reply and
/// is ignored; it would change the reply, cannot be honoured, and is refused by name. Fields that nobody knows are
/// ignored, and <c>null</c> is the same as absent.
/// </summary>
internal sealed class FieldTable(IReadOnlyDictionary<string, FieldRule> rules)
{
    private readonly FrozenDictionary<string, FieldRule> rules = rules.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Refuses the first field that would change the reply and cannot be honoured.</summary>
    /// <exception cref="ApiException">Names the field and what to send instead.</exception>
    public void Check(JsonField body)
    {
        foreach (JsonProperty property in body.Object().EnumerateObject())
        {
            JsonField field = body.Member(property.Name, property.Value);
            if (!field.IsAbsent && rules.TryGetValue(property.Name, out FieldRule? rule) && !rule.Accepts(property.Value))
                throw field.Refuse(rule.Reason, "unsupported_parameter");
        }
    }
}

/// <summary>What becomes of one field.</summary>
/// <param name="Accepts">Whether a value passes.</param>
/// <param name="Reason">Why another does not, and what to send instead.</param>
internal sealed record FieldRule(Func<JsonElement, bool> Accepts, string Reason)
{
    /// <summary>The parser reads it.</summary>
    public static FieldRule Honoured { get; } = new(_ => true, "");

    /// <summary>It cannot change the reply: a hint, bookkeeping, a key of a hosted service.</summary>
    public static FieldRule Ignored { get; } = new(_ => true, "");

    /// <summary>It would change the reply unless it has a harmless value.</summary>
    public static FieldRule Unless(Func<JsonElement, bool> harmless, string reason) => new(harmless, reason);

    /// <summary>It would change the reply, whatever its value.</summary>
    public static FieldRule Refused(string reason) => new(_ => false, reason);

    /// <summary>Only text is written.</summary>
    public static bool IsTextOnly(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
        && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String && item.ValueEquals("text"));

    public static bool IsEmpty(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => !value.EnumerateObject().Any(),
        JsonValueKind.Array => value.GetArrayLength() == 0,
        JsonValueKind.String => value.ValueEquals(""),
        _ => false,
    };

    public static Func<JsonElement, bool> IsNot(JsonValueKind kind) => value => value.ValueKind != kind;

    public static Func<JsonElement, bool> IsNumber(double number) =>
        value => value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out double found) && found == number;
}
