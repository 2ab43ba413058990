using System.Text.Json;
using AgentHost;

[assembly: AgentExtension(typeof(TestExtension.Extension), Id = "test", Contract = "1.0")]

namespace TestExtension;

/// <summary>Registers one of everything. A file named <c>fail-activation</c> beside it makes the activation fail at its end.</summary>
public sealed class Extension : IAgentExtension
{
    public ValueTask ActivateAsync(IExtensionApi api, CancellationToken cancellationToken)
    {
        api.RegisterProvider(new ScriptProvider(api.DataDirectory));
        api.RegisterFlag(new FlagDefinition("greeting", "What /hello says.") { HasValue = true });
        api.RegisterCommand(new CommandDefinition("hello", "says hello", (name, context, _) =>
        {
            context.Ui.Notify($"{api.GetFlag("greeting") ?? "Hello"}, {name}!");
            return ValueTask.CompletedTask;
        }));
        api.RegisterTool(new ToolDefinition(
            "shout",
            "Shouts a text.",
            JsonElement.Parse("""{"type":"object","required":["text"],"properties":{"text":{"type":"string"}}}"""),
            (call, _) => ValueTask.FromResult(new ToolResult(call.Arguments.GetProperty("text").GetString()!.ToUpperInvariant()))));
        api.On<ToolCalling>((e, _, _) =>
        {
            if (e.Name == "bash" && e.Arguments["command"]?.GetValue<string>() == "forbidden")
                e.BlockReason = "this command is forbidden.";
            return ValueTask.CompletedTask;
        });
        api.Lifetime.Own(new Farewell(Path.Combine(api.ContentDirectory, "farewell")));
        if (File.Exists(Path.Combine(api.ContentDirectory, "fail-activation")))
            throw new InvalidOperationException("a file told me to fail");
        return ValueTask.CompletedTask;
    }

    /// <summary>Leaves a trace of its disposal, if somebody prepared the place.</summary>
    private sealed class Farewell(string path) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            if (File.Exists(path))
                await File.WriteAllTextAsync(path, "disposed");
        }
    }
}
