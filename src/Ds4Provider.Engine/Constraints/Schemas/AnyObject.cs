using System.Text.Json;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>The schema of any object.</summary>
internal static class AnyObject
{
    public static JsonElement Schema { get; } = JsonElement.Parse("""{"type": "object"}""");
}
