using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.CompilerServices;
using System.Runtime.Loader;
using Agent.Hosting;
using Agent.Specs.Support;
using AgentHost;
using Microsoft.Extensions.AI;
using Microsoft.Extensions.Logging.Abstractions;

namespace Agent.Specs.Hosting;

/// <summary>With a real plugin: tests/TestExtension, built into a folder of its own.</summary>
public sealed class ExtensionSpecs : IDisposable
{
    private readonly TemporaryFolder folder = new();

    public void Dispose() => folder.Dispose();

    [Fact(Timeout = 60_000)]
    public async Task A_folder_is_loaded_and_what_it_registers_is_there()
    {
        await using ExtensionHost host = await LoadAsync(Fixtures.TestExtension);

        host.Services.Providers.Items.Select(provider => provider.Id).ShouldBe(["test"]);
        host.Services.Tools.Items.Select(tool => tool.Name).ShouldBe(["shout"]);
        host.Services.Commands.Items.Select(command => command.Name).ShouldBe(["hello"]);
        host.Services.Flags.Items.Select(flag => flag.Name).ShouldBe(["greeting"]);
    }

    [Fact(Timeout = 60_000)]
    public async Task Types_of_the_boundary_are_shared_and_everything_else_is_the_extensions_own()
    {
        await using ExtensionHost host = await LoadAsync(Path.Combine(Fixtures.TestExtension, "TestExtension.dll"));
        IModelProvider provider = host.Services.Providers.Items.Single();

        AssemblyLoadContext own = AssemblyLoadContext.GetLoadContext(provider.GetType().Assembly)!;
        own.ShouldNotBe(AssemblyLoadContext.Default);
        own.IsCollectible.ShouldBeTrue();
        Type dependency = (Type)provider.GetType().GetProperty("PrivateDependency")!.GetValue(provider)!;
        AssemblyLoadContext.GetLoadContext(dependency.Assembly).ShouldBe(own);
        // The folder carries its own copy of these, which must not be used.
        File.Exists(Path.Combine(Fixtures.TestExtension, "Microsoft.Extensions.AI.Abstractions.dll")).ShouldBeTrue();
        using IChatClient client = provider.CreateChatClient(provider.Models[0]);
        client.ShouldBeAssignableTo<IChatClient>();
    }

    [Fact(Timeout = 60_000)]
    public async Task Unloading_takes_everything_back_and_frees_the_memory()
    {
        (WeakReference context, ExtensionHost host) = await LoadAndUnloadAsync();

        host.Services.Providers.Items.ShouldBeEmpty();
        host.Services.Tools.Items.ShouldBeEmpty();
        host.Services.Commands.Items.ShouldBeEmpty();
        host.Services.Flags.Items.ShouldBeEmpty();
        // The runtime gives a context up only after several collections with time between them.
        for (int i = 0; i < 100 && context.IsAlive; i++)
        {
            GC.Collect();
            GC.WaitForPendingFinalizers();
            await Task.Delay(50, TestContext.Current.CancellationToken);
        }
        context.IsAlive.ShouldBeFalse();
    }

    [Fact(Timeout = 60_000)]
    public async Task What_an_extension_owns_is_disposed_with_it()
    {
        string copy = CopyTestExtension();
        File.WriteAllText(Path.Combine(copy, "farewell"), "");
        ExtensionHost host = await LoadAsync(copy);

        await host.DisposeAsync();

        File.ReadAllText(Path.Combine(copy, "farewell")).ShouldBe("disposed");
    }

    [Fact(Timeout = 60_000)]
    public async Task A_failed_activation_leaves_nothing_behind()
    {
        string copy = CopyTestExtension();
        File.WriteAllText(Path.Combine(copy, "fail-activation"), "");
        File.WriteAllText(Path.Combine(copy, "farewell"), "");
        await using ExtensionHost host = CreateHost();

        ExtensionLoadException exception = await Should.ThrowAsync<ExtensionLoadException>(
            () => host.LoadAsync(copy, TestContext.Current.CancellationToken));

        exception.Message.ShouldContain("the extension 'test' failed to start: a file told me to fail");
        host.Services.Providers.Items.ShouldBeEmpty();
        host.Services.Tools.Items.ShouldBeEmpty();
        File.ReadAllText(Path.Combine(copy, "farewell")).ShouldBe("disposed");
        await host.LoadAsync(Fixtures.TestExtension, TestContext.Current.CancellationToken);
    }

    [Fact(Timeout = 60_000)]
    public async Task A_clash_of_names_undoes_the_whole_activation()
    {
        await using ExtensionHost host = CreateHost();
        using IDisposable taken = host.Services.Commands.Add(new CommandDefinition("hello", "", (_, _, _) => ValueTask.CompletedTask));

        ExtensionLoadException exception = await Should.ThrowAsync<ExtensionLoadException>(
            () => host.LoadAsync(Fixtures.TestExtension, TestContext.Current.CancellationToken));

        exception.Message.ShouldContain("There is already a command named 'hello'.");
        host.Services.Providers.Items.ShouldBeEmpty();
    }

    [Fact(Timeout = 60_000)]
    public async Task The_same_extension_is_loaded_once()
    {
        await using ExtensionHost host = await LoadAsync(Fixtures.TestExtension);

        (await Should.ThrowAsync<ExtensionLoadException>(() => host.LoadAsync(CopyTestExtension(), TestContext.Current.CancellationToken)))
            .Message.ShouldContain("an extension 'test' is already loaded from");
    }

    [Theory(Timeout = 60_000)]
    [InlineData("2.0", "Update the agent.")]
    [InlineData("1.9", "Update the agent.")]
    [InlineData("0.9", "Update the extension.")]
    [InlineData("one", "is not a contract version")]
    public async Task Another_contract_is_refused_before_any_code_runs(string contract, string hint)
    {
        // The type does not exist: were it looked for, the message would say so.
        string path = WriteManifestOnly(contract);
        await using ExtensionHost host = CreateHost();

        ExtensionLoadException exception = await Should.ThrowAsync<ExtensionLoadException>(
            () => host.LoadAsync(path, TestContext.Current.CancellationToken));

        exception.Message.ShouldContain(hint);
        AppDomain.CurrentDomain.GetAssemblies().ShouldNotContain(assembly => assembly.GetName().Name == "ManifestOnly");
    }

    [Fact(Timeout = 60_000)]
    public async Task What_is_not_an_extension_is_named()
    {
        await using ExtensionHost host = CreateHost();
        File.WriteAllText(folder["text.dll"], "not an assembly");

        (await ErrorAsync(host, folder["gone"])).ShouldContain("does not exist");
        (await ErrorAsync(host, folder["text.dll"])).ShouldContain("is not an extension");
        (await ErrorAsync(host, typeof(ExtensionSpecs).Assembly.Location)).ShouldContain("is not an extension");
        (await ErrorAsync(host, folder.Path)).ShouldContain("holds no extension");
    }

    [Fact(Timeout = 60_000)]
    public async Task Flags_have_the_values_of_the_command_line()
    {
        await using ExtensionHost host = await LoadAsync(Fixtures.TestExtension);
        await using SessionFixture fixture = new(new ScriptedProvider());
        CommandDefinition hello = host.Services.Commands.Items.Single();

        await hello.RunAsync("Ada", fixture.Session.Context, TestContext.Current.CancellationToken);
        host.Services.FlagValues = new Dictionary<string, string> { ["greeting"] = "Ciao" };
        await hello.RunAsync("Ada", fixture.Session.Context, TestContext.Current.CancellationToken);

        fixture.Recording.Notices.ShouldBe("Hello, Ada!\nCiao, Ada!");
    }

    [Fact(Timeout = 60_000)]
    public async Task An_unloaded_extension_cannot_use_its_host()
    {
        ExtensionServices services = new(NullLoggerFactory.Instance, folder.Path);
        using ExtensionLifetime lifetime = new("late", Task.CompletedTask, NullLogger.Instance);
        ExtensionApi api = new(new ExtensionManifest("/x/late.dll", "late", "1.0", "Late"), 0, services, lifetime);
        api.RegisterTool(ToolDefinition.From(AIFunctionFactory.Create(() => 1, "one")));
        services.Tools.Items.ShouldBeEmpty("registrations wait for the end of the activation");
        api.Commit();
        services.Tools.Items.Count.ShouldBe(1);
        using IDisposable later = api.RegisterTool(ToolDefinition.From(AIFunctionFactory.Create(() => 2, "two")));
        services.Tools.Items.Count.ShouldBe(2);
        later.Dispose();
        services.Tools.Items.Count.ShouldBe(1);

        api.Revoke();
        await lifetime.StopAsync(TimeSpan.FromSeconds(1));

        services.Tools.Items.ShouldBeEmpty();
        Should.Throw<ExtensionUnloadedException>(() => api.RegisterTool(ToolDefinition.From(AIFunctionFactory.Create(() => 1, "one"))));
        Should.Throw<ExtensionUnloadedException>(() => api.Logging);
        Should.Throw<ExtensionUnloadedException>(() => lifetime.Run(_ => Task.CompletedTask));
    }

    [Fact(Timeout = 60_000)]
    public async Task Background_work_begins_with_a_session_and_ends_with_the_extension()
    {
        TaskCompletionSource session = new();
        using ExtensionLifetime lifetime = new("worker", session.Task, NullLogger.Instance);
        TaskCompletionSource begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        bool ended = false;
        lifetime.Run(async token =>
        {
            begun.SetResult();
            try
            {
                await Task.Delay(Timeout.Infinite, token);
            }
            finally
            {
                ended = true;
            }
        });
        await Task.Delay(50, TestContext.Current.CancellationToken);
        begun.Task.IsCompleted.ShouldBeFalse();

        session.SetResult();
        await begun.Task;
        await lifetime.StopAsync(TimeSpan.FromSeconds(10));

        ended.ShouldBeTrue();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private async Task<(WeakReference, ExtensionHost)> LoadAndUnloadAsync()
    {
        ExtensionHost host = await LoadAsync(Fixtures.TestExtension);
        WeakReference context = ContextOf(host);
        await host.DisposeAsync();
        return (context, host);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference ContextOf(ExtensionHost host) =>
        new(AssemblyLoadContext.GetLoadContext(host.Services.Providers.Items.Single().GetType().Assembly));

    private async Task<ExtensionHost> LoadAsync(string path)
    {
        ExtensionHost host = CreateHost();
        await host.LoadAsync(path, TestContext.Current.CancellationToken);
        return host;
    }

    private ExtensionHost CreateHost() => new(new ExtensionServices(NullLoggerFactory.Instance, folder["data"]));

    private static async Task<string> ErrorAsync(ExtensionHost host, string path) =>
        (await Should.ThrowAsync<ExtensionLoadException>(() => host.LoadAsync(path, TestContext.Current.CancellationToken))).Message;

    private string CopyTestExtension()
    {
        string copy = folder["copy"];
        Directory.CreateDirectory(copy);
        foreach (string file in Directory.EnumerateFiles(Fixtures.TestExtension))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return copy;
    }

    /// <summary>An assembly that has nothing but the attribute.</summary>
    private string WriteManifestOnly(string contract)
    {
        PersistedAssemblyBuilder assembly = new(new AssemblyName("ManifestOnly"), typeof(object).Assembly);
        assembly.DefineDynamicModule("ManifestOnly");
        Type attribute = typeof(AgentExtensionAttribute);
        assembly.SetCustomAttribute(new CustomAttributeBuilder(
            attribute.GetConstructor([typeof(Type)])!,
            [typeof(string)],
            [attribute.GetProperty("Id")!, attribute.GetProperty("Contract")!],
            ["manifest-only", contract]));
        string path = folder["ManifestOnly.dll"];
        assembly.Save(path);
        return path;
    }
}
