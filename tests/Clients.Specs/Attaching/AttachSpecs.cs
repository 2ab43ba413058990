using Clients.Specs.Installation;
using Clients.Specs.Running;
using EndToEnd.Specs.Processes;

namespace Clients.Specs.Attaching;

/// <summary>Our agent and a server that is not ours, as npm delivers it: nothing of ours is started beside it.</summary>
public sealed class AttachSpecs
{
    /// <summary>Milliseconds; the first run on a machine downloads the server.</summary>
    private const int Limit = 600_000;

    [Fact(Timeout = Limit)]
    public async Task An_agent_talks_to_a_server_of_somebody_else()
    {
        ClientResult result = await AskAsync("are you there?");

        result.ExitCode.ShouldBe(0, result.Errors);
        result.Output.Trim().ShouldBe("some-cluster/DeepSeek-V4-Flash heard: are you there?");
    }

    [Fact(Timeout = Limit)]
    public async Task Its_refusals_are_told_in_its_words()
    {
        ClientResult result = await AskAsync("too much");

        result.ExitCode.ShouldNotBe(0);
        result.Errors.ShouldContain("Slow down.");
    }

    private static async Task<ClientResult> AskAsync(string question)
    {
        CancellationToken timesUp = TestContext.Current.CancellationToken;
        (string node, string program) = await InstallAsync(timesUp);
        using var folder = new ClientFolder();
        await using EchoServer server = await EchoServer.StartAsync(node, program, folder, timesUp);
        string home = Path.Combine(folder.Home, "ds4");
        Dictionary<string, string?> variables = new()
        {
            ["DS4_BASE_URL"] = server.Address.ToString(),
            ["DS4_HOME"] = home,
            ["DOTNET_ROOT"] = Environment.GetEnvironmentVariable("DOTNET_ROOT"),
        };

        ClientResult result = await ClientRun.RunAsync(
            new ClientCommand(BuildOutput.Agent, ["--model", "ds4/deepseek-v4-flash", "-p", question], variables), folder, ClientRun.Limit, timesUp);

        Directory.Exists(home).ShouldBeFalse("nothing of ours is started");
        return result;
    }

    private static async Task<(string Node, string Program)> InstallAsync(CancellationToken cancellationToken)
    {
        var cache = PackageCache.OfUser();
        try
        {
            return (await cache.InstallAsync(PinnedPackages.Node, cancellationToken), await cache.InstallAsync(PinnedPackages.MockLlm, cancellationToken));
        }
        catch (PackageUnavailableException missing)
        {
            TestContext.Current.AddWarning(missing.Message);
            Assert.Skip(missing.Message);
            throw;
        }
    }
}
