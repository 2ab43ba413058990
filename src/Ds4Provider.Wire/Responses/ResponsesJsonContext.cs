using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Responses;

/// <summary>Source-generated serialisers of the responses API: snake case, absent instead of null.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(ResponsesReply))]
[JsonSerializable(typeof(ResponsesEvent))]
[JsonSerializable(typeof(string))]
public sealed partial class ResponsesJsonContext : JsonSerializerContext;
