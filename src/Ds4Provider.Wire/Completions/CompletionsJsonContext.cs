using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Completions;

/// <summary>Source-generated serialisers of the completions API: snake case, absent instead of null.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(TextCompletion))]
public sealed partial class CompletionsJsonContext : JsonSerializerContext;
