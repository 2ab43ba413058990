using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ds4Provider.Wire.Messages;

/// <summary>Source-generated serialisers of the messages API: snake case, absent instead of null.</summary>
[JsonSourceGenerationOptions(
    JsonSerializerDefaults.Web,
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    NumberHandling = JsonNumberHandling.Strict)]
[JsonSerializable(typeof(MessagesReply))]
[JsonSerializable(typeof(MessagesEvent))]
[JsonSerializable(typeof(MessagesEnd))]
[JsonSerializable(typeof(MessagesTokenCount))]
[JsonSerializable(typeof(MessagesErrorBody))]
public sealed partial class MessagesJsonContext : JsonSerializerContext;
