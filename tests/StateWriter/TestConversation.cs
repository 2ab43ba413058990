namespace StateWriter;

/// <summary>Conversations that writer and reader know alike.</summary>
public static class TestConversation
{
    /// <summary>Tokens of a turn; a state that saves so many is written at once.</summary>
    public const int Turn = 70;

    /// <summary>Tokens of a conversation: several pieces, and several times their replacement.</summary>
    public const int Length = 12 * Turn;

    /// <summary>The tokens of a conversation.</summary>
    public static int[] Tokens(int conversation, int vocabulary)
    {
        Random random = new(conversation);
        return [.. Enumerable.Range(0, Length).Select(_ => random.Next(vocabulary))];
    }
}
