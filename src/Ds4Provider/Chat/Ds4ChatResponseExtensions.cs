using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.AI;

namespace Ds4Provider;

/// <summary>Reads what this library's updates say beyond their contents, also through middleware.</summary>
public static class Ds4ChatResponseExtensions
{
    /// <summary>Reads a piece of a tool call.</summary>
    /// <returns>Whether the update is one.</returns>
    public static bool TryGetToolCallUpdate(this ChatResponseUpdate update, [NotNullWhen(true)] out Ds4ToolCallUpdate? toolCall)
    {
        ArgumentNullException.ThrowIfNull(update);
        toolCall = update.RawRepresentation as Ds4ToolCallUpdate;
        return toolCall is not null;
    }

    /// <summary>Reads progress before the first word.</summary>
    /// <returns>Whether the update is progress.</returns>
    public static bool TryGetProgressUpdate(this ChatResponseUpdate update, [NotNullWhen(true)] out Ds4ProgressUpdate? progress)
    {
        ArgumentNullException.ThrowIfNull(update);
        progress = update.RawRepresentation as Ds4ProgressUpdate;
        return progress is not null;
    }
}
