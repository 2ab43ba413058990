using System.Globalization;
using Ds4Provider.Engine;
using Ds4Provider.Server.Sessions;
using Ds4Provider.Server.Sessions.Disk;
using Microsoft.Extensions.Logging.Abstractions;
using StateWriter;

// state-writer LIBRARY MODEL FOLDER write FIRST: conversations FIRST, FIRST + 1, … grow by turns, and the state after each
//   is written; a line "CONVERSATION TOKENS" follows when it is on the disk.
// state-writer LIBRARY MODEL FOLDER use CONVERSATION: reads its longest state, says of how many tokens it is, and waits.
// state-writer LIBRARY MODEL FOLDER endure CONVERSATION: the same, goes on from it, and ends in order.
using LoadedModel loaded = LoadedModel.Open(args[0], args[1], threads: 1);
ILanguageModel model = loaded.Model;
using CheckpointIndex memory = new(() => 0, 1, TimeProvider.System);
using StateFolder folder = StateFolder.TryOpen(args[2], model.Description.Fingerprint, NullLogger.Instance)
    ?? throw new InvalidOperationException("Another program writes here.");
using CheckpointStore store = new(folder, model, memory, TimeProvider.System, NullLogger<CheckpointStore>.Instance)
{
    LeastGain = TestConversation.Turn,
};
int number = int.Parse(args[4], CultureInfo.InvariantCulture);
if (args[3] == "write")
    Write(number);
else
    await UseAsync(number, endures: args[3] == "endure");

void Write(int first)
{
    Console.WriteLine("ready");
    for (int conversation = first; ; conversation++)
    {
        using ILanguageSession session = model.CreateSession(TestConversation.Length, EngineMode.Fast);
        int[] tokens = TokensOf(conversation);
        for (int length = TestConversation.Turn; length <= tokens.Length; length += TestConversation.Turn)
        {
            session.Prefill(tokens.AsSpan(length - TestConversation.Turn, TestConversation.Turn), null, CancellationToken.None);
            using ISessionCheckpoint state = session.Checkpoint();
            long before = store.Written;
            store.Offer(tokens.AsSpan(0, length), state, isBeginning: length == TestConversation.Turn);
            store.WaitUntilIdle();
            if (store.Written == before)
                throw new InvalidOperationException($"The state after {length} tokens was not written.");
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{conversation} {length}"));
        }
    }
}

async Task UseAsync(int conversation, bool endures)
{
    int[] tokens = TokensOf(conversation);
    await store.RecallAsync(tokens, CancellationToken.None);
    Checkpoint? found = memory.FindLongest(tokens);
    if (endures && found is not null)
        store.Endured(found.Key);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{found?.Position ?? 0}"));
    if (!endures)
        await Task.Delay(Timeout.Infinite);
}

int[] TokensOf(int conversation) => TestConversation.Tokens(conversation, model.Description.VocabularySize);
