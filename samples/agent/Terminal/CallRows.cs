using AgentHost;

namespace Agent.Terminal;

/// <summary>The rows of a turn's calls: by position while the model writes them, then by id. Not thread-safe.</summary>
internal sealed class CallRows(TimeProvider time)
{
    private readonly Dictionary<int, CallRow> byIndex = [];
    private readonly Dictionary<string, CallRow> byId = new(StringComparer.Ordinal);

    /// <summary>A new reply counts its calls from the start.</summary>
    public void Begin() => byIndex.Clear();

    public CallRow Writing(ToolCallFragment fragment)
    {
        CallRow row = At(fragment.Index);
        row.Append(fragment);
        return row;
    }

    public CallRow Written(int index, string callId, string name, string arguments)
    {
        CallRow row = At(index);
        row.Written(name, arguments);
        byId[callId] = row;
        return row;
    }

    public CallRow? Find(string callId) => byId.GetValueOrDefault(callId);

    private CallRow At(int index)
    {
        if (!byIndex.TryGetValue(index, out CallRow? row))
            byIndex[index] = row = new CallRow(time);
        return row;
    }
}
