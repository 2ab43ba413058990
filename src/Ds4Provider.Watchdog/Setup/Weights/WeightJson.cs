using System.Text.Json;
using System.Text.Json.Serialization;
using Ds4Provider.Watchdog.Setup.Weights.Download;

namespace Ds4Provider.Watchdog.Setup.Weights;

/// <summary>JSON of the files beside the weights.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, WriteIndented = true)]
[JsonSerializable(typeof(PartialState))]
[JsonSerializable(typeof(WeightReceipt))]
internal sealed partial class WeightJson : JsonSerializerContext;
