using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Ds4Provider.Engine.Prompting;

namespace Ds4Provider.Server.Replay;

/// <summary>A digest that finds a sampled turn again, or stands for the conversation before it.</summary>
/// <param name="Value">128 bits of a SHA-256.</param>
internal readonly record struct TurnKey(UInt128 Value)
{
    /// <summary>Key of the parts; what separates them cannot occur inside them.</summary>
    public static TurnKey Of(params IEnumerable<string> parts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (string part in parts)
        {
            byte[] bytes = Encoding.UTF8.GetBytes(part);
            BinaryPrimitives.WriteInt32LittleEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return new TurnKey(BinaryPrimitives.ReadUInt128LittleEndian(hash.GetHashAndReset()));
    }

    /// <summary>Key of a turn by all that it says, reasoning included.</summary>
    public static TurnKey OfWhole(AssistantMessage turn) => Of(["whole", turn.Reasoning ?? "", .. Visible(turn)]);

    /// <summary>Key of a turn by what the client shows: text and calls.</summary>
    public static TurnKey OfVisible(AssistantMessage turn) => Of(["visible", .. Visible(turn)]);

    /// <summary>Key of a turn by what the client shows, at its place in a conversation.</summary>
    public static TurnKey OfPlace(TurnKey history, AssistantMessage turn) =>
        Of(["place", history.Value.ToString(null, null), .. Visible(turn)]);

    /// <summary>Key of a conversation that has one more message.</summary>
    public TurnKey Then(ConversationMessage message) => Of([Value.ToString(null, null), .. Describe(message)]);

    private static IEnumerable<string> Describe(ConversationMessage message) => message switch
    {
        SystemMessage system => ["system", system.Text],
        DeveloperMessage developer => ["developer", developer.Text],
        UserMessage user => ["user", user.Text],
        ToolMessage tool => ["tool", tool.CallId ?? "", tool.Text],
        AssistantMessage assistant => ["assistant", .. Visible(assistant)],
        _ => throw new ArgumentException($"Unknown message {message.GetType().Name}.", nameof(message)),
    };

    private static IEnumerable<string> Visible(AssistantMessage turn)
    {
        yield return turn.Text;
        foreach (AssistantCall call in turn.Calls)
        {
            yield return call.Id ?? "";
            yield return call.Name;
            yield return CanonicalJson.Of(call.Arguments);
        }
    }
}
