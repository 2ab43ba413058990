using System.Globalization;
using System.Text.Json;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>A part of a schema document, and where it stands.</summary>
/// <param name="Value">The part.</param>
/// <param name="Place">Where it stands.</param>
internal readonly record struct SchemaNode(JsonElement Value, SchemaPlace Place)
{
    public bool Is(JsonValueKind kind) => Value.ValueKind == kind;

    /// <summary>The members of this object.</summary>
    public IEnumerable<(string Name, SchemaNode Node)> Members()
    {
        foreach (var member in Value.EnumerateObject())
        {
            var name = member.Name;
            yield return (name, new SchemaNode(member.Value, Place.Below(name)));
        }
    }

    /// <summary>The items of this array.</summary>
    public IEnumerable<SchemaNode> Items()
    {
        var index = 0;
        foreach (var item in Value.EnumerateArray())
        {
            yield return new SchemaNode(item, Place.Below(index++.ToString(CultureInfo.InvariantCulture)));
        }
    }
}
