namespace Ds4Provider;

/// <summary>
/// The server went away in the middle of a reply. What arrived before stays valid but is not the whole reply; the next
/// request finds or starts a server again.
/// </summary>
public sealed class Ds4ConnectionLostException : Ds4Exception
{
    internal Ds4ConnectionLostException(long deliveredCharacters, int deliveredCalls, Exception innerException)
        : base(
            $"The connection to the model server broke in the middle of a reply, after {deliveredCharacters} characters"
                + $" and {deliveredCalls} complete tool calls: {innerException.Message} Ask again; a new server is started if necessary.",
            innerException)
    {
        DeliveredCharacters = deliveredCharacters;
        DeliveredCalls = deliveredCalls;
    }

    /// <summary>Characters of text, reasoning and tool arguments that had arrived.</summary>
    public long DeliveredCharacters { get; }

    /// <summary>Complete tool calls that had arrived.</summary>
    public int DeliveredCalls { get; }
}
