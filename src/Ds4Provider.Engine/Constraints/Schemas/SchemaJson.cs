using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Engine.Constraints.Schemas;

/// <summary>How joined parts of schemas become JSON again, without reflection: the shipped executable is trimmed.</summary>
[JsonSerializable(typeof(List<string>))]
[JsonSerializable(typeof(JsonElement[]))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class SchemaJson : JsonSerializerContext;
