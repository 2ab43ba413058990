using System.Collections.Frozen;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>What becomes of the keywords of JSON Schema.</summary>
internal static class SchemaKeywords
{
    /// <summary>The mask enforces these.</summary>
    public static readonly FrozenSet<string> Enforced = FrozenSet.Create(
        StringComparer.Ordinal,
        "type", "enum", "const", "anyOf", "oneOf", "allOf", "$ref", "properties", "required", "additionalProperties",
        "items", "prefixItems", "minItems", "maxItems", "minLength", "maxLength",
        "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum");

    /// <summary>These say nothing about which values are valid.</summary>
    public static readonly FrozenSet<string> Annotations = FrozenSet.Create(
        StringComparer.Ordinal,
        "$schema", "$id", "$anchor", "$comment", "$defs", "definitions", "title", "description", "default", "examples", "example",
        "deprecated", "readOnly", "writeOnly", "format", "contentEncoding", "contentMediaType", "contentSchema");
}
