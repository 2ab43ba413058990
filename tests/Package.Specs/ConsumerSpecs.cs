using System.Text.Json;
using CliWrap;
using CliWrap.Buffered;

namespace Package.Specs;

/// <summary>Programs of others that add the package, on a machine that has never seen it.</summary>
public sealed class ConsumerSpecs(PackedFeed feed)
{
    private const int Limit = 180_000;
    private const string Greeting = "I am the ds4 demo model";

    [Fact(Timeout = Limit)]
    public async Task A_new_console_program_adds_one_package_and_asks_a_model()
    {
        await using StateHome home = Home();
        string folder = Directory.CreateDirectory(Path.Combine(feed.Folder, "console")).FullName;
        await Dotnet(folder, "new", "console", "--no-restore");
        await Dotnet(folder, "add", "package", "Ds4Provider", "--version", "0.1.0");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Program.cs"),
            """
            using Ds4Provider;
            using Microsoft.Extensions.AI;

            await using var ds4 = await Ds4Runtime.StartAsync(Ds4Model.DemoId);
            using IChatClient chat = ds4.CreateChatClient();
            Console.WriteLine((await chat.GetResponseAsync("hello")).Text);
            """,
            TestContext.Current.CancellationToken);
        await Dotnet(folder, "build", "-nologo", "-v", "quiet", "-warnaserror", "-o", "out");

        string reply = await DotnetCommand.RunAsync(folder, home.Variables, Path.Combine(folder, "out", "console"), [], TestContext.Current.CancellationToken);

        reply.ShouldContain(Greeting);
        // The runtime, the server and, on Linux, the engine came along: nothing was compiled.
        File.Exists(Path.Combine(home.Path, "logs", "build.log")).ShouldBe(OperatingSystem.IsMacOS());
        await ShouldAnswerAsync(Path.Combine(Directory.GetDirectories(Path.Combine(home.Path, "bin")).Single(), "ds4"), home);
    }

    [Fact(Timeout = Limit)]
    public async Task A_program_with_dependency_injection_adds_the_provider_and_asks_a_model()
    {
        await using StateHome home = Home();
        string folder = await WriteProjectAsync(
            "injected",
            """
                <OutputType>Exe</OutputType>
                <ImplicitUsings>enable</ImplicitUsings>
                <Nullable>enable</Nullable>
            """,
            """<PackageReference Include="Microsoft.Extensions.Hosting" Version="10.0.*" />""");
        await File.WriteAllTextAsync(
            Path.Combine(folder, "Program.cs"),
            """
            using Microsoft.Extensions.AI;
            using Microsoft.Extensions.DependencyInjection;
            using Microsoft.Extensions.Hosting;
            using Microsoft.Extensions.Logging;

            HostApplicationBuilder builder = Host.CreateApplicationBuilder(args);
            builder.Logging.ClearProviders();
            builder.Services.AddDs4Provider();
            using IHost host = builder.Build();
            IChatClient chat = host.Services.GetRequiredKeyedService<IChatClient>("ds4/demo");
            Console.WriteLine((await chat.GetResponseAsync("hello")).Text);
            """,
            TestContext.Current.CancellationToken);
        await Dotnet(folder, "build", "-nologo", "-v", "quiet", "-warnaserror", "-o", "out");

        string reply = await DotnetCommand.RunAsync(folder, home.Variables, Path.Combine(folder, "out", "injected"), [], TestContext.Current.CancellationToken);

        reply.ShouldContain(Greeting);
        File.Exists(Path.Combine(folder, "out", "extension.json")).ShouldBeFalse("a program is no plugin");
    }

    [Fact(Timeout = Limit)]
    public async Task A_plugin_folder_made_from_the_package_is_loaded_by_the_agent()
    {
        await using StateHome home = Home();
        string folder = await WriteProjectAsync("plugin", "<EnableDynamicLoading>true</EnableDynamicLoading>");
        string plugin = Path.Combine(folder, "out");
        await Dotnet(folder, "publish", "-nologo", "-v", "quiet", "-o", plugin);
        using (JsonDocument file = JsonDocument.Parse(await File.ReadAllBytesAsync(Path.Combine(plugin, "extension.json"), TestContext.Current.CancellationToken)))
        {
            file.RootElement.GetProperty("version").GetString().ShouldBe("0.1.0");
            File.Exists(Path.Combine(plugin, file.RootElement.GetProperty("assembly").GetString()!)).ShouldBeTrue();
        }
        string work = Directory.CreateDirectory(Path.Combine(folder, "work")).FullName;

        await DotnetCommand.RunAsync(
            work,
            home.Variables,
            AgentWithoutExtensions(folder),
            ["-e", plugin, "--model", "ds4/demo", "-p", "Create hello.txt with the text Hello from ds4"],
            TestContext.Current.CancellationToken);

        (await File.ReadAllTextAsync(Path.Combine(work, "hello.txt"), TestContext.Current.CancellationToken)).Trim().ShouldBe("Hello from ds4");
    }

    [Fact(Timeout = Limit)]
    public async Task The_tool_installs_and_answers()
    {
        await using StateHome home = Home();
        string tools = Path.Combine(feed.Folder, "tools");
        await Dotnet(feed.Folder, "tool", "install", "ds4", "--version", "0.1.0", "--tool-path", tools);

        string help = await DotnetCommand.RunAsync(feed.Folder, home.Variables, Path.Combine(tools, "ds4"), ["--help"], TestContext.Current.CancellationToken);
        (int code, string status) = await ToolStatusAsync(home, tools);

        help.ShouldContain("ds4 [command] [options]");
        code.ShouldBe(3, "no watchdog runs");
        status.ShouldNotBeEmpty();
    }

    /// <summary>A project that somebody else might write, with the package; returns its folder.</summary>
    private async Task<string> WriteProjectAsync(string name, string properties, string items = "")
    {
        string folder = Directory.CreateDirectory(Path.Combine(feed.Folder, name)).FullName;
        await File.WriteAllTextAsync(
            Path.Combine(folder, $"{name}.csproj"),
            $"""
            <Project Sdk="Microsoft.NET.Sdk">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                {properties}
              </PropertyGroup>
              <ItemGroup>
                <PackageReference Include="Ds4Provider" Version="0.1.0" />
                {items}
              </ItemGroup>
            </Project>
            """,
            TestContext.Current.CancellationToken);
        return folder;
    }

    // What trimming removed too much of would be missed here.
    private static async Task ShouldAnswerAsync(string ds4, StateHome home)
    {
        foreach (string[] arguments in (string[][])[["models", "list"], ["models", "list", "--json"], ["bench", "demo"], ["bench", "demo", "--json"], ["stop", "--json"]])
            (await DotnetCommand.RunAsync(home.Path, home.Variables, ds4, arguments, home.Cancelled)).ShouldNotBeEmpty();
    }

    private static StateHome Home() => new(graceSeconds: 1, TestContext.Current.CancellationToken, withEngine: false);

    private Task<string> Dotnet(string folder, params string[] arguments) =>
        DotnetCommand.RunAsync(folder, feed.Variables, "dotnet", arguments, TestContext.Current.CancellationToken);

    private static async Task<(int Code, string Output)> ToolStatusAsync(StateHome home, string tools)
    {
        BufferedCommandResult result = await Cli.Wrap(Path.Combine(tools, "ds4"))
            .WithArguments("status")
            .WithEnvironmentVariables(home.Variables)
            .WithValidation(CommandResultValidation.None)
            .ExecuteBufferedAsync(home.Cancelled);
        return (result.ExitCode, result.StandardOutput + result.StandardError);
    }

    // The agent brings the extension of this build; here it must find the plugin alone.
    private static string AgentWithoutExtensions(string folder)
    {
        string copy = Directory.CreateDirectory(Path.Combine(folder, "agent")).FullName;
        foreach (string file in Directory.EnumerateFiles(Path.GetDirectoryName(BuildOutput.Agent)!))
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)));
        return Path.Combine(copy, "agent");
    }
}
