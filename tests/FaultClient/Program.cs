using Ds4Provider;
using FaultClient;

// One line out for whatever happens, one line in for each request; the end of the input ends the program.
Lines lines = new();
try
{
    await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId, lines);
    lines.Say("ready");
    using Conversation conversation = new(ds4.CreateChatClient(), lines);
    while (await Console.In.ReadLineAsync() is { } request)
        await conversation.AnswerAsync(request);
}
catch (Ds4Exception refused)
{
    lines.Say($"refused {refused.Message}");
    return 1;
}
return 0;
