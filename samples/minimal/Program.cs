using Ds4Provider;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

// A whole program: asks the demo model, shows what happens on the way, streams the answer.
HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
builder.Logging.SetMinimumLevel(LogLevel.Warning);
builder.Services.AddDs4Provider();
using IHost host = builder.Build();

IChatClient chat = host.Services.GetRequiredKeyedService<IChatClient>(Ds4Model.DemoId);
string question = args.Length > 0 ? string.Join(' ', args) : "hello";

await foreach (ChatResponseUpdate update in chat.GetStreamingResponseAsync(question))
{
    if (update.TryGetProgressUpdate(out Ds4ProgressUpdate? step))
        Console.Error.WriteLine($"[{step.Progress.Phase}] {step.Progress.Message} {step.Progress.Fraction:P0}".TrimEnd());
    Console.Write(update.Text);
}
Console.WriteLine();
