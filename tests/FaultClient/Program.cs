using Ds4Provider;
using FaultClient;

// fault-client [MODEL]: one line out for whatever happens, one line in for each request; the end of the input ends the program.
string model = args is [var wanted] ? wanted : Ds4Model.DemoId;
Lines lines = new();
try
{
    await using Ds4Runtime ds4 = await Ds4Runtime.StartAsync(model, lines);
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
