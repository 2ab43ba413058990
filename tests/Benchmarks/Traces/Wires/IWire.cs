using System.Text.Json.Nodes;

namespace Benchmarks.Traces.Wires;

/// <summary>An API as clients write and read it.</summary>
internal interface IWire
{
    string Path { get; }

    /// <summary>The body of a request.</summary>
    JsonObject Write(TraceRequest request);

    /// <summary>What a body answers.</summary>
    Answer Read(JsonNode body);
}
