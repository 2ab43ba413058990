using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Agent.Loop;

/// <summary>The arguments of a call as JSON, in the order in which the model wrote them.</summary>
internal static class CallArguments
{
    public static JsonObject ToJson(FunctionCallContent call)
    {
        JsonObject json = [];
        foreach ((string name, object? value) in call.Arguments ?? new Dictionary<string, object?>())
            json[name] = JsonSerializer.SerializeToNode(value, AIJsonUtilities.DefaultOptions);
        return json;
    }
}
